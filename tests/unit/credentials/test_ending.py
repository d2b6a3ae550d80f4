from datetime import UTC, datetime, timedelta

import pytest

from app.credentials.ending import Ending, EndState

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("revoked_at", "by", "expires_at", "state", "words"),
    [
        (NOW - SECOND, "run end", NOW + SECOND, EndState.REVOKED, "revoked by the end of the run"),
        (NOW - SECOND, None, NOW - SECOND, EndState.REVOKED, "revoked by an unknown party"),
        (NOW - SECOND, "an operator", NOW + SECOND, EndState.REVOKED, "revoked by an operator"),
        (None, None, NOW, EndState.EXPIRED, "expired by its TTL"),
        (None, None, NOW + SECOND, EndState.VALID, "valid until its TTL ends"),
    ],
)
def test_revocation_precedes_expiry(revoked_at, by, expires_at, state, words):
    ending = Ending.of(revoked_at=revoked_at, by=by, expires_at=expires_at, now=NOW)
    assert (ending.state, ending.words, ending.at) == (state, words, revoked_at or expires_at)


def test_the_time_stands_between_verb_and_cause():
    ending = Ending.of(revoked_at=None, by=None, expires_at=NOW + SECOND, now=NOW)
    assert ending.wording("12:00:01 UTC") == "valid until 12:00:01 UTC at the latest"
