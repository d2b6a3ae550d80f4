"""The answer to one call, as received."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AnswerRow, CallRow, CredentialRow


@dataclass(frozen=True, kw_only=True, slots=True)
class RawAnswer:
    """One call, its credential, and the bytes of the answer; `body` is None if they were not kept."""

    call: CallRow
    credential: CredentialRow
    body: bytes | None


def answer(db: Session, call_id: UUID) -> RawAnswer | None:
    """The answer to one call, or None if the call is unknown."""
    row = db.execute(
        select(CallRow, CredentialRow, col(AnswerRow.body))
        .join(CredentialRow, col(CredentialRow.credential_id) == col(CallRow.credential_id))
        .outerjoin(AnswerRow, col(AnswerRow.call_id) == col(CallRow.call_id))
        .where(col(CallRow.call_id) == call_id)
    ).one_or_none()
    return None if row is None else RawAnswer(call=row[0], credential=row[1], body=row[2])
