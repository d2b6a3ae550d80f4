"""The JSON of attempts and credentials says which ends are confirmed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.credentials.ending import Endings
from app.credentials.tables import AttemptEndRow, AttemptRow
from app.credentials.vault_tables import VaultEventRow
from app.web.api.shapes.value_lineage import Identity, Unrecorded

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
RUN = UUID(int=1)
FIELDS = {
    "run_id": RUN,
    "lease_until": NOW,
    "secret_id_accessor": "s",
    "wrapping_accessor": "w",
    "dispatched_at": NOW,
    "ended_at": NOW,
}


def test_an_end_that_is_not_confirmed_has_its_reason():
    attempt = AttemptRow(number=1, state="lost", **FIELDS)
    event = VaultEventRow(
        request_id="r", kind="issued", at=NOW, path="database/creds/x", attempt=1, lease_id="l"
    )
    endings = Endings.of([attempt], [AttemptEndRow(number=1, problem="the vault is sealed")], NOW)
    for end in (Identity.of(attempt, endings).end, Unrecorded.of(event, endings).end):
        assert (end.state, end.at, end.problem) == ("not confirmed", NOW, "the vault is sealed")


def test_a_confirmed_end_says_who_ended_it():
    attempt = AttemptRow(
        number=1,
        state="finished",
        token_expires_at=NOW + timedelta(minutes=15),
        revoked_at=NOW,
        revoked_by="run end",
        **FIELDS,
    )
    told = Identity.of(attempt, Endings.of([attempt], [], NOW)).model_dump(mode="json")
    assert told["end"] == {
        "state": "revoked",
        "at": "2026-11-28T12:00:00Z",
        "words": "revoked by the end of the run, confirmed by the vault",
        "problem": None,
    }
