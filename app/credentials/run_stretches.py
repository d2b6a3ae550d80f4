"""Where in a log the lines about each run stand, found without parsing most of them, so that pages need read no more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from app.credentials.approle import MINT_PATH
from app.credentials.log_stretch import lines_with
from app.credentials.vault_line import BEFORE_ID, AuditLine

#: Under this are lines that may be about any run: those that cannot be read.
ANY_RUN = str(UUID(int=0))
_UUID = rb"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
#: What an identity names. Its values cannot hold these bytes: the vault puts a backslash before their quotes.
_NAMED = re.compile(rb'"run_id":"' + _UUID + rb'"')
_ACCESSOR = re.compile(rb'"accessor":"([\w.-]{1,100})"')
_MINT = f'"path":"{MINT_PATH}"'.encode()
_WRAPPING = b'"response-wrapping"'
#: One of these is in every line about a run.
_MARKS = (b'"run_id":"', _MINT, _WRAPPING)


@dataclass(frozen=True, slots=True)
class RunStretch:
    """Bytes of a log, from the first to behind the last line about a run within one batch.

    Lines of a wrapping token do not name their run: then `run_id` is None, and `accessor` that of the token.
    """

    run_id: str | None
    accessor: str | None
    begins: int
    ends: int


class RunStretches:
    """Collects the stretches of one batch. What it finds may be more than is about a run, never less."""

    def __init__(self) -> None:
        self._found: dict[tuple[str | None, str | None], tuple[int, int]] = {}

    def __iter__(self) -> Iterator[RunStretch]:
        return (RunStretch(*whom, *place) for whom, place in self._found.items())

    def add(self, earlier: "RunStretches") -> None:
        """Those of a batch that was not recorded."""
        for each in earlier:
            self._add((each.run_id, each.accessor), each.begins, each.ends)

    def add_lines(self, place: int, block: bytes) -> None:
        """Whole lines, and their place in the log."""
        for start, raw in lines_with(block, _MARKS):
            whom = _whom(raw)
            if whom is not None:
                self._add(whom, place + start, place + start + len(raw))

    def add_unreadable(self, begins: int, ends: int) -> None:
        """A part of the log with lines that cannot be read."""
        self._add((ANY_RUN, None), begins, ends)

    def _add(self, whom: tuple[str | None, str | None], begins: int, ends: int) -> None:
        first, last = self._found.get(whom, (begins, ends))
        self._found[whom] = min(first, begins), max(last, ends)


def _whom(raw: bytes) -> tuple[str | None, str | None] | None:
    """The run or the wrapping token that a line is about; None if it is about neither."""
    who, _, _ = raw.partition(BEFORE_ID)
    if named := _NAMED.search(who):
        return named[1].decode(), None
    if _WRAPPING in who and (asked_with := _ACCESSOR.search(who)):
        return None, asked_with[1].decode()
    line = AuditLine.parse(raw)
    if line is None:
        return ANY_RUN, None
    run_id = line.run_id or line.given.run_id
    return (run_id, None) if run_id and _NAMED.fullmatch(f'"run_id":"{run_id}"'.encode()) else None
