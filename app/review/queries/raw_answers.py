"""The answer to one call, as received."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AnswerRow, CallRow, CredentialRow
from app.store.tables import ComparedValueRow, EvidenceRow


@dataclass(frozen=True, kw_only=True, slots=True)
class RawAnswer:
    """One call, its credential, and the bytes of the answer; `body` is None if they were not kept.

    `value` is the compared value that a reader came from, and `fact` what the answer stated; None without one.
    """

    call: CallRow
    credential: CredentialRow
    body: bytes | None
    value: ComparedValueRow | None = None
    fact: EvidenceRow | None = None


def answer(db: Session, call_id: UUID, *, of: tuple[UUID, int] | None = None) -> RawAnswer | None:
    """The answer to one call, or None if the call is unknown.

    `of` is a flag and the position of one of its values; it is left out if that value is not from this call.
    """
    row = db.execute(
        select(CallRow, CredentialRow, col(AnswerRow.body))
        .join(CredentialRow, col(CredentialRow.credential_id) == col(CallRow.credential_id))
        .outerjoin(AnswerRow, col(AnswerRow.call_id) == col(CallRow.call_id))
        .where(col(CallRow.call_id) == call_id)
    ).one_or_none()
    if row is None:
        return None
    value, fact = _value(db, call_id, *of) if of else (None, None)
    return RawAnswer(call=row[0], credential=row[1], body=row[2], value=value, fact=fact)


def _value(
    db: Session, call_id: UUID, flag_id: UUID, position: int
) -> tuple[ComparedValueRow | None, EvidenceRow | None]:
    row = db.execute(
        select(ComparedValueRow, EvidenceRow)
        .join(EvidenceRow, col(EvidenceRow.evidence_id) == col(ComparedValueRow.evidence_id))
        .where(
            col(ComparedValueRow.flag_id) == flag_id,
            col(ComparedValueRow.position) == position,
            col(EvidenceRow.call_id) == call_id,
        )
    ).one_or_none()
    return (None, None) if row is None else (row[0], row[1])
