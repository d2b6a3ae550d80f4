"""How far a run has come, as one text that changes with what its page shows."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_STAMP = text("""
    SELECT concat_ws(' ', r.state, r.attempt, r.waiting_reason, r.stop_requested_at, r.finished_at,
        (SELECT string_agg(concat_ws(',', a.number, a.state, a.token_accessor, a.revoked_at), ' ' ORDER BY a.number)
            FROM attempt AS a WHERE a.run_id = r.run_id),
        (SELECT concat_ws(',', count(*), count(c.revoked_at)) FROM credential AS c WHERE c.run_id = r.run_id),
        (SELECT count(*) FROM call JOIN credential AS c USING (credential_id) WHERE c.run_id = r.run_id),
        CASE WHEN r.state IN ('requested', 'dispatched') THEN (
            SELECT count(*) FROM credential AS c JOIN tool_use USING (fingerprint) WHERE c.run_id = r.run_id) END,
        (SELECT count(*) FROM denial AS d WHERE d.run_id = r.run_id),
        (SELECT count(*) FROM step AS s WHERE s.run_id = r.run_id),
        (SELECT count(*) FROM attempt_end AS e WHERE e.run_id = r.run_id),
        (SELECT count(*) FROM alarm WHERE alarm.run_id = r.run_id))
    FROM run AS r WHERE r.run_id = :run_id
""")


def stamp(db: Session, run_id: UUID) -> str | None:
    """A text that stays the same as long as nothing new is recorded of the run; None if there is no such run."""
    found: str | None = db.execute(_STAMP, {"run_id": run_id}).scalar_one_or_none()
    return found
