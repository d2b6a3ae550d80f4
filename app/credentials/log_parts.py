"""The parts of a log that lines about one run can stand in: where the sweeper saw some, and what it has not read.

Pages read these parts of the files and no more. Only the files say what the lines are.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import Engine, text

from app.credentials.log_place import LogPlace
from app.credentials.log_stretch import BLOCK, WHOLE, LogPart, line_start
from app.credentials.run_stretches import ANY_RUN

_NOTES = text("""
SELECT inode, place, mark, noted_from, ARRAY(
    SELECT ARRAY[s.begins, s.ends] FROM run_stretch AS s
    WHERE s.run_id IN (:run_id, :any_run) AND s.inode = p.inode AND s.begins < p.place ORDER BY s.begins) AS stretches
FROM log_position AS p
""")
#: Bytes read before each stretch: the question stands there to which its first line may be the answer. With as many of a
#: run's own they are one block.
_BEFORE = BLOCK // 2


@dataclass(frozen=True, kw_only=True, slots=True)
class FileNotes:
    """Where the sweeper saw lines about a run in one file, which it has read up to a place.

    `noted_from`: the byte from which on that was recorded. Each stretch is its first byte and the one behind its last.
    """

    inode: int
    reached: LogPlace
    noted_from: int
    stretches: Sequence[tuple[int, int]]


def notes_about(engine: Engine, run_id: UUID) -> list[FileNotes]:
    """What the sweeper recorded of each file about a run. Raises `OperationalError`."""
    with engine.begin() as db:
        return [
            FileNotes(
                inode=row.inode,
                reached=LogPlace(place=row.place, mark=row.mark),
                noted_from=row.noted_from,
                stretches=[(begins, ends) for begins, ends in row.stretches],
            )
            for row in db.execute(_NOTES, {"run_id": run_id, "any_run": ANY_RUN})
        ]


def parts_of(log: BinaryIO, notes: Collection[FileNotes]) -> Sequence[LogPart]:
    """The parts of an open file to be read, in order; all of it if it is not the one that the sweeper has read."""
    inode = os.fstat(log.fileno()).st_ino
    for each in notes:
        if each.inode == inode and each.reached.is_in(log):
            return _parts(log, each)
    return WHOLE


def _parts(log: BinaryIO, notes: FileNotes) -> list[LogPart]:
    parts: list[LogPart] = []
    until = notes.noted_from
    begins = 0
    for first, end in notes.stretches:
        if first - _BEFORE > until:
            parts.append((begins, until))
            begins = line_start(log, first - _BEFORE)
        until = max(until, line_start(log, min(end, notes.reached.place)))
    if notes.reached.place - _BEFORE > until:
        parts.append((begins, until))
        begins = line_start(log, notes.reached.place - _BEFORE)
    return [*parts, (begins, None)]
