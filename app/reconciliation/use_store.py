"""Uses in the database, how far each tool's log has been read, and what is known about each log."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from app.connections.database import one_by_one
from app.credentials.log_place import LogPlace
from app.credentials.vault_events import FileKey, PositionMovedError
from app.reconciliation.use_lines import ToolUse

_NOW = text("SELECT clock_timestamp()")
_POSITIONS = text("SELECT file, inode, place, mark, lines FROM use_position")
_RECORD = text(
    "SELECT record_uses(:file, :inode, :from_place, :to_place, :lines, :mark, cast(:inodes AS bigint[]), :source,"
    " :more_lines, :unreadable, cast(:uses AS jsonb))"
)
_NOTE = text(
    "SELECT note_source(:source, :start, :gap, :until, :lines, :unreadable, :written_apart, :problem)"
)
_NAMES = tuple(field.name for field in fields(ToolUse))
#: What `record_uses` raises when the position is not the one it was given.
_MOVED = "40001"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceNote:
    """What one look at a log found.

    Every line from `start` to `until` was read, by the clock of the database; None if the log could not be. `gap`: lines
    before `start` may be lost. `lines` and `unreadable` add to what is counted already.
    """

    source: str
    start: datetime | None = None
    gap: bool = False
    until: datetime | None = None
    lines: int = 0
    unreadable: int = 0
    written_apart: bool = False
    problem: str | None = None


class UseStore:
    """Uses and positions. All methods raise `OperationalError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._one_by_one = one_by_one(engine)

    def now(self) -> datetime:
        """The time of the database, in UTC."""
        with self._one_by_one.begin() as db:
            now: datetime = db.execute(_NOW).scalar_one()
            return now

    def positions(self) -> dict[FileKey, LogPlace]:
        """How far each file of any tool's log has been read."""
        with self._one_by_one.begin() as db:
            return {
                (Path(row.file), row.inode): LogPlace(place=row.place, mark=row.mark, lines=row.lines)
                for row in db.execute(_POSITIONS)
            }

    def record(
        self,
        key: FileKey,
        *,
        system: str,
        known: LogPlace | None,
        reached: LogPlace,
        lines: int,
        unreadable: int,
        inodes: Collection[int],
        uses: Mapping[str, ToolUse],
    ) -> None:
        """Record uses by the id of their lines, how many lines there were, and the position after them at once.

        `known` is the position that these lines follow, `inodes` all of this log that are there. Raises
        `PositionMovedError`.
        """
        file, inode = key
        rows = [
            {"request_id": line, "system": system} | {name: getattr(use, name) for name in _NAMES}
            for line, use in uses.items()
        ]
        values = {
            "file": str(file),
            "inode": inode,
            "from_place": None if known is None else known.place,
            "to_place": reached.place,
            "lines": reached.lines,
            "mark": reached.mark,
            "inodes": list(inodes),
            "source": system,
            "more_lines": lines,
            "unreadable": unreadable,
            "uses": json.dumps(rows, default=str),
        }
        try:
            with self._one_by_one.begin() as db:
                db.execute(_RECORD, values)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _MOVED:
                raise PositionMovedError from None
            raise

    def note(self, notes: Collection[SourceNote]) -> None:
        """Record what the last looks found."""
        if notes:
            with self._engine.begin() as db:
                db.execute(_NOTE, [asdict(note) for note in notes])
