"""The kinds of what is left over, which are those of the alarms, and what each says of a record."""

from datetime import datetime

from app.reconciliation.sides import Recorded
from app.reconciliation.verdict import Leftover, Side

ISSUED_ONLY = "credential not recorded"
RECORDED_ONLY = "record without a credential"
CONTRADICTED = "record contradicts the vault"
USED_ONLY = "use of an unknown credential"
USED_LATE = "use after the end"
USED_ELSEWHERE = "use from elsewhere"
USED_MORE = "use not recorded"
NEVER_SEEN = "recorded call never seen"
#: The sweeper says so too, with the reason.
END_OPEN = "end not confirmed"


def about(
    recorded: Recorded,
    kind: str,
    detail: str,
    *,
    at: datetime | None = None,
    side: Side = Side.RECORD,
    explanation: str | None = None,
) -> Leftover:
    """A leftover that concerns one recorded credential; `at` is its issue unless something happened later."""
    return Leftover(
        kind=kind,
        detail=detail,
        side=side,
        at=at or recorded.issued_at,
        system=recorded.system,
        run_id=recorded.run_id,
        attempt=recorded.attempt,
        credential_id=recorded.credential_id,
        explanation=explanation,
    )
