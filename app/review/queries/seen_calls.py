"""Calls that the tools logged, of credentials whose worker has not recorded its calls yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_SEEN = text("""
    SELECT c.credential_id, u.operation, u.status, u.at FROM credential AS c CROSS JOIN LATERAL (
        SELECT operation, status, at FROM tool_use WHERE fingerprint = c.fingerprint
        UNION ALL SELECT operation, status, at FROM tool_use WHERE service_user = c.service_user) AS u
    WHERE c.run_id = :run AND NOT EXISTS (SELECT FROM call WHERE call.credential_id = c.credential_id)
    ORDER BY u.at
""")


@dataclass(frozen=True, slots=True)
class SeenCall:
    """One line of a tool's log: what was asked with a credential, and when; `status` None where there is none."""

    credential_id: UUID
    operation: str
    status: int | None
    at: datetime


def seen_calls(db: Session, run_id: UUID) -> Sequence[SeenCall]:
    """Those of one run, in the order of the tools' times."""
    return [SeenCall(*row) for row in db.execute(_SEEN, {"run": run_id})]
