"""An end is shown as confirmed only once the vault confirmed it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.credentials.ending import Endings, EndState
from app.credentials.tables import AttemptEndRow, AttemptRow, CredentialRow
from app.credentials.vault_tables import VaultEventRow

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SEALED = AttemptEndRow(number=1, problem="the vault is sealed")


def attempt(**changed):
    return AttemptRow(**{"number": 1, "token_expires_at": NOW + SECOND, **changed})


def credential(**changed):
    return CredentialRow(**{"attempt": 1, "kind": "api-key", "expires_at": NOW + SECOND, **changed})


def endings(of, *ends):
    return Endings.of([of], ends, NOW)


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("run end", "revoked by the end of the run, confirmed by the vault"),
        ("sweeper", "revoked by the sweeper, confirmed by the vault"),
        (None, "revoked by an unknown party, confirmed by the vault"),
    ],
)
def test_a_confirmed_end_says_who_ended_it(by, words):
    ended = attempt(ended_at=NOW - 2 * SECOND, revoked_at=NOW - SECOND, revoked_by=by)
    of = endings(ended)
    for ending in (
        of.of_token(ended),
        of.of_credential(credential(revoked_at=NOW - SECOND, ended_by=by)),
    ):
        assert (ending.state, ending.at, ending.words) == (EndState.REVOKED, NOW - SECOND, words)
    assert not list(of.not_confirmed())


@pytest.mark.parametrize("expires_at", [NOW - SECOND, NOW + SECOND])
@pytest.mark.parametrize("kind", ["api-key", "database-user"])
def test_the_ttl_is_not_believed_for_what_can_be_revoked(kind, expires_at):
    ended = attempt(ended_at=NOW - SECOND, token_expires_at=expires_at)
    of = endings(ended, SEALED)
    for ending in (of.of_token(ended), of.of_credential(credential(kind=kind, expires_at=expires_at))):
        assert (ending.state, ending.at) == (EndState.NOT_CONFIRMED, NOW - SECOND)
        assert ending.wording("11:59:59 UTC") == (
            "end requested 11:59:59 UTC, not confirmed: the vault is sealed"
        )
    assert list(of.not_confirmed()) == [ended]


def test_an_end_that_was_not_tried_yet_is_not_confirmed_either():
    ended = attempt(ended_at=NOW)
    assert endings(ended).of_token(ended).problem == "the sweeper has not reported on it yet"


@pytest.mark.parametrize(
    ("expires_at", "state", "words"),
    [
        (NOW, EndState.EXPIRED, "expired by its TTL"),
        (NOW + SECOND, EndState.VALID, "valid until its TTL ends"),
    ],
)
def test_a_signed_token_ends_by_its_ttl_whatever_its_attempt_does(expires_at, state, words):
    token = credential(kind="signed-token", expires_at=expires_at)
    for of in (
        endings(attempt()),
        endings(attempt(ended_at=NOW), SEALED),
        endings(attempt(ended_at=NOW, revoked_at=NOW)),
    ):
        ending = of.of_credential(token)
        assert (ending.state, ending.at, ending.words) == (state, expires_at, words)


def test_an_attempt_at_work_has_a_valid_token():
    working = attempt()
    of = endings(working)
    assert of.of_token(working).wording("12:00:01 UTC") == "valid until 12:00:01 UTC at the latest"
    assert of.of_credential(credential()).state is EndState.VALID


def test_an_attempt_without_a_recorded_token_has_an_end_only_until_it_is_confirmed():
    unknown = attempt(token_expires_at=None)
    assert endings(unknown).of_token(unknown) is None
    ended = attempt(token_expires_at=None, ended_at=NOW)
    assert endings(ended).of_token(ended).state is EndState.NOT_CONFIRMED
    confirmed = attempt(token_expires_at=None, ended_at=NOW, revoked_at=NOW)
    assert endings(confirmed).of_token(confirmed) is None


@pytest.mark.parametrize(
    ("event", "state", "at"),
    [
        (
            {"kind": "logged-in", "path": "auth/approle/login", "accessor": "a"},
            EndState.NOT_CONFIRMED,
            NOW - SECOND,
        ),
        (
            {"kind": "issued", "path": "database/creds/x", "lease_id": "l", "ended_at": NOW},
            EndState.REVOKED,
            NOW,
        ),
        # Hidden from the log, so that nothing can be asked about.
        ({"kind": "issued", "path": "auth/token/create/x"}, EndState.NOT_CONFIRMED, NOW - SECOND),
        (
            {"kind": "issued", "path": "identity/oidc/token/x"},
            EndState.VALID,
            NOW - 60 * SECOND + timedelta(minutes=2),
        ),
    ],
)
def test_what_only_the_vaults_log_shows_has_an_end_too(event, state, at):
    issued = VaultEventRow(at=NOW - 60 * SECOND, attempt=1, **event)
    ending = endings(attempt(ended_at=NOW - SECOND), SEALED).of_unrecorded(issued)
    assert (ending.state, ending.at) == (state, at)
