"""What the vault issued to runs by its own log, and no worker recorded."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, exists, literal_column, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AttemptRow, CredentialRow
from app.credentials.vault_tables import VaultEventRow

#: What is true of such an event of a run, and the order of several.
TESTS = (
    col(VaultEventRow.kind).in_([literal_column("'logged-in'"), literal_column("'issued'")]),
    ~exists().where(col(CredentialRow.request_id) == col(VaultEventRow.request_id)),
    ~exists().where(
        col(AttemptRow.run_id) == col(VaultEventRow.run_id),
        col(AttemptRow.number) == col(VaultEventRow.attempt),
        # The worker of an attempt that has not ended may be about to record it.
        or_(
            col(AttemptRow.login_request_id) == col(VaultEventRow.request_id),
            col(AttemptRow.ended_at).is_(None),
        ),
    ),
)
ORDER = (col(VaultEventRow.at), col(VaultEventRow.request_id))
_UNRECORDED = (
    select(VaultEventRow)
    .where(col(VaultEventRow.run_id).in_(bindparam("runs", expanding=True)), *TESTS)
    .order_by(*ORDER)
)


def unrecorded(db: Session, run_ids: Sequence[UUID]) -> Sequence[VaultEventRow]:
    """What the vault issued to ended attempts of these runs, by its own log, and no worker recorded."""
    return db.scalars(_UNRECORDED, {"runs": run_ids}).all()
