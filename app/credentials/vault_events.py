"""The vault's own record in the database: what it did for runs, and how far its log has been read."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import OperationalError

from app.connections.database import one_by_one
from app.credentials.log_place import Batch, LogPlace
from app.credentials.vault_answer import AnswerKind, Hidden, VaultEvent

_NAMES = tuple(field.name for field in fields(VaultEvent))
_COLUMNS = ", ".join(_NAMES)
_POSITIONS = text("SELECT file, inode, place, mark, lines FROM log_position")
_RECORD = text(
    "SELECT count(*) FROM record_log(:file, :inode, :start, :from_place, :to_place, :lines, :mark,"
    " cast(:inodes AS bigint[]), cast(:events AS jsonb), cast(:stretches AS jsonb))"
)
_UNREAD = text(
    f"SELECT number, {_COLUMNS} FROM vault_event"  # noqa: S608  # names of this program
    " WHERE number > coalesce((SELECT number FROM event_cursor WHERE reader = :reader), 0)"
    " ORDER BY number LIMIT :most"
)
_MOVE = text("SELECT move_cursor(:reader, :number)")
#: Among the latest events: there is no index by kind.
_BROKEN_OFF = text(
    "SELECT EXISTS (SELECT FROM (SELECT kind, at FROM vault_event ORDER BY number DESC LIMIT 1000) AS latest"
    " WHERE kind = :kind AND at > now() - make_interval(secs => :seconds))"
)
#: No token of a run lives longer, so whatever is older needs no end.
_HORIZON = text(
    "SELECT least(now(), (SELECT min(dispatched_at) FROM attempt WHERE revoked_at IS NULL)) - interval '20 min'"
)


#: What `record_log` raises when the position is not the one it was given.
_MOVED = "40001"
#: Events that are judged together.
TOGETHER = 1000


class PositionMovedError(Exception):
    """Another reader has recorded this stretch of the log."""


#: A file of the log: the file its server writes, and the inode, which a rotation keeps.
FileKey = tuple[Path, int]


class EventStore:
    """Events and positions as a reader of the log keeps them. All methods raise `OperationalError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = one_by_one(engine)

    def positions(self) -> dict[FileKey, LogPlace]:
        """How far each file has been read."""
        with self._engine.begin() as db:
            return {
                (Path(row.file), row.inode): LogPlace(place=row.place, mark=row.mark, lines=row.lines)
                for row in db.execute(_POSITIONS)
            }

    def horizon(self) -> datetime:
        """From when on the log matters at the first start, when nothing of it has been read."""
        with self._engine.begin() as db:
            since: datetime = db.execute(_HORIZON).scalar_one()
            return since

    def record(
        self,
        key: FileKey,
        *,
        known: LogPlace | None,
        inodes: Collection[int],
        batch: Batch,
    ) -> None:
        """Record what a batch holds and the position after it at once; an event that is recorded already stays as it is.

        `known` is the position that the batch follows, `inodes` all of this log that are there. Raises
        `PositionMovedError`.
        """
        file, inode = key
        values = {
            "file": str(file),
            "inode": inode,
            "start": batch.start,
            "from_place": None if known is None else known.place,
            "to_place": batch.reached.place,
            "lines": batch.reached.lines,
            "mark": batch.reached.mark,
            "inodes": list(inodes),
            "events": json.dumps(
                [{name: getattr(event, name) for name in _NAMES} for event in batch.events], default=str
            ),
            "stretches": json.dumps([asdict(stretch) for stretch in batch.stretches]),
        }
        try:
            with self._engine.begin() as db:
                db.execute(_RECORD, values)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _MOVED:
                raise PositionMovedError from None
            raise

    def unread(self, reader: str, *, most: int = TOGETHER) -> Mapping[int, VaultEvent]:
        """The oldest events that a reader of events has not dealt with, by their numbers."""
        with self._engine.begin() as db:
            rows = db.execute(_UNREAD, {"reader": reader, "most": most})
            return {row.number: event_of(row) for row in rows}

    def dealt_with(self, reader: str, number: int) -> None:
        """A reader of events has dealt with all up to this number."""
        with self._engine.begin() as db:
            db.execute(_MOVE, {"reader": reader, "number": number})

    def was_broken_off(self, *, seconds: float) -> bool:
        """Whether the vault did not finish making a user of a database in the last seconds."""
        with self._engine.begin() as db:
            return bool(db.scalar(_BROKEN_OFF, {"kind": AnswerKind.BROKEN_OFF, "seconds": seconds}))


def event_of(row: Row[Any]) -> VaultEvent:
    """The event in a row of `vault_event`."""
    values = {name: getattr(row, name) for name in _NAMES}
    hidden = values["hidden"]
    return VaultEvent(
        **values | {"kind": AnswerKind(values["kind"]), "hidden": None if hidden is None else Hidden(hidden)}
    )
