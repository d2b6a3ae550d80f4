"""Drafts: what an officer typed about a flag and has not sent. Each person reads and changes only their own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Interval,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.tables import table_of
from app.procurement.free_text import REASON_LIMIT, REFERENCE_LIMIT
from app.review.flag_history import EventKind
from app.review.tables import DraftRow
from app.store.tables import FlagRow

#: The fields of each form that adds an event, by its kind. An assignment is a choice, not a text.
FIELDS: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.DECIDED: ("decision", "rationale", "reference", "office", "due_on"),
    EventKind.CONCURRED: ("answer", "second-reason"),
    EventKind.DECLINED: ("answer", "second-reason"),
    EventKind.UNDONE: ("undo-reason",),
    EventKind.COMMENTED: ("comment",),
}
#: The most characters of each field: those of the forms.
LIMITS: Mapping[str, int] = {
    name: REASON_LIMIT
    if name in {"rationale", "second-reason", "undo-reason", "comment"}
    else REFERENCE_LIMIT
    for names in FIELDS.values()
    for name in names
}
#: Drafts that one person may have; the oldest make room.
MOST = 200
_TABLE = table_of(DraftRow)
_EMPTY = text("NOT EXISTS (SELECT FROM jsonb_each_text(draft.fields) AS field WHERE field.value <> '')")


class Drafts:
    """Stores drafts for `kept`, one for each person and fact, under the flag on whose page it was typed last."""

    def __init__(self, sessions: Sessions, *, kept: timedelta) -> None:
        self._sessions = sessions
        self.kept = kept

    def save(self, owner: str, flag_id: UUID, version: int, fields: Mapping[str, str]) -> bool:
        """Store these fields beside those stored before; False if there is no such flag. Empty ones are removed."""
        with self._sessions.begin() as db:
            if db.execute(select(1).where(col(FlagRow.flag_id) == flag_id)).first() is None:
                return False
            now = func.clock_timestamp()
            made = insert(_TABLE).values(owner=owner, flag_id=flag_id, version=version, fields=dict(fields))
            db.execute(
                made.on_conflict_do_update(
                    index_elements=["owner", "flag_id"],
                    set_={
                        "fields": _TABLE.c.fields.op("||")(made.excluded.fields),
                        "version": version,
                        "saved_at": now,
                    },
                )
            )
            mine = _TABLE.c.owner == owner
            others = _TABLE.c.flag_id.in_(_same_fact(flag_id)) & (_TABLE.c.flag_id != flag_id)
            kept = select(_TABLE.c.flag_id).where(mine).order_by(_TABLE.c.saved_at.desc()).limit(MOST)
            db.execute(delete(_TABLE).where(mine, others | _EMPTY | _TABLE.c.flag_id.not_in(kept)))
            self._erase_old(db)
        return True

    def discard(self, owner: str, flag_id: UUID) -> None:
        """Delete the person's drafts on the fact of a flag."""
        with self._sessions.begin() as db:
            db.execute(
                delete(_TABLE).where(_TABLE.c.owner == owner, _TABLE.c.flag_id.in_(_same_fact(flag_id)))
            )

    def discard_all(self, owner: str) -> None:
        """Delete every draft of a person."""
        with self._sessions.begin() as db:
            db.execute(delete(_TABLE).where(_TABLE.c.owner == owner))

    def erase_old(self) -> None:
        """Delete what is older than drafts are kept, of everyone."""
        with self._sessions.begin() as db:
            self._erase_old(db)

    def _erase_old(self, db: Session) -> None:
        db.execute(delete(_TABLE).where(_TABLE.c.saved_at <= func.now() - self.kept))


def newest_draft(db: Session, owner: str, flag_id: UUID, kept: timedelta) -> DraftRow | None:
    """The person's newest draft on the fact of a flag, whichever run's flag it was typed on."""
    return db.scalars(_NEWEST, {"owner": owner, "flag": flag_id, "kept": kept}).one_or_none()


def clear_sent(db: Session, owner: str, flag_id: UUID, kind: EventKind) -> None:
    """Remove from the person's drafts on the fact of a flag what an event of this kind now says."""
    if kind not in FIELDS:
        return
    its = and_(_TABLE.c.owner == owner, _TABLE.c.flag_id.in_(_same_fact(flag_id)))
    left: Any = _TABLE.c.fields.op("-")(cast(list(FIELDS[kind]), ARRAY(String)))
    db.execute(update(_TABLE).where(its).values(fields=left))
    db.execute(delete(_TABLE).where(its, _EMPTY))


def _same_fact(flag_id: Any) -> Any:
    """The ids of the flags with the action, rule and subject of this one, itself included."""
    other = aliased(FlagRow)
    its = and_(
        col(other.action_id) == col(FlagRow.action_id),
        col(other.rule) == col(FlagRow.rule),
        col(other.subject) == col(FlagRow.subject),
    )
    return select(col(other.flag_id)).join(FlagRow, its).where(col(FlagRow.flag_id) == flag_id)


# Built once: building a statement takes longer than running it.
_NEWEST = (
    select(DraftRow)
    .where(
        col(DraftRow.owner) == bindparam("owner"),
        col(DraftRow.flag_id).in_(_same_fact(bindparam("flag"))),
        col(DraftRow.saved_at) > func.now() - bindparam("kept", type_=Interval),
    )
    .order_by(col(DraftRow.saved_at).desc())
    .limit(1)
)
