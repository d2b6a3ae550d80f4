"""Searches one file of the vault's log for the lines of a run, along the anchors of its chain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, pairwise
from typing import BinaryIO

from app.contract_file.log_extract import FiledAnchor, FiledStretch
from app.credentials.vault_line import AuditLine, request_id_of, time_of
from app.reconciliation.log_anchors import Anchor
from app.reconciliation.log_chain import LogChain, LogLine, lines_from

#: Lines that are searched at most.
LINES_LIMIT = 300_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What was found. `stretch` is None where no line of the run was, and all lines are as they were anchored.

    `is_whole`: whether they are. `was_cut`: whether there were more than `LINES_LIMIT`.
    """

    stretch: FiledStretch | None
    is_whole: bool
    was_cut: bool


@dataclass(kw_only=True, slots=True)
class RunSearch:
    """A search for the lines of a run, which ended before `until` (UTC)."""

    run_id: str
    wrapping_accessors: Sequence[str]
    until: datetime
    _needles: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._needles = [text.encode() for text in (self.run_id, *self.wrapping_accessors)]

    def is_reached_by(self, log: BinaryIO) -> bool:
        """Whether a file begins before the end of the run."""
        first = next(lines_from(log, 0), None)
        written = None if first is None else time_of(first.beginning)
        return written is not None and written <= self.until

    def search(self, log: BinaryIO, start: Anchor, anchors: Iterable[Anchor]) -> Searched:
        """Search a file from one anchor of its chain to the first after the end of the run. Raises OSError."""
        reached, wanted, is_whole, was_cut = [start], set[str](), True, False
        chain, lines = LogChain(start.place, start.lines, start.digest), lines_from(log, start.place)
        for anchor in anchors:
            if was_cut := anchor.lines - start.lines > LINES_LIMIT:
                break
            last = None
            for last in islice(lines, anchor.lines - reached[-1].lines):
                chain.add(last)
                if request_id := self._request_of(last):
                    wanted.add(request_id)
            chain.marks.clear()
            is_whole &= (chain.place, chain.lines, chain.digest) == (
                anchor.place,
                anchor.lines,
                anchor.digest,
            )
            reached.append(anchor)
            if anchor.at > self.until and (last is None or self._is_later(last)):
                break
        if len(reached) == 1 or (is_whole and not wanted):
            return Searched(stretch=None, is_whole=is_whole, was_cut=was_cut)
        stretch = _stretch(log, reached, wanted, trimmed=is_whole)
        return Searched(stretch=stretch, is_whole=is_whole, was_cut=was_cut)

    def _request_of(self, line: LogLine) -> str | None:
        """The request id of a line about the run."""
        if not any(needle in line.beginning for needle in self._needles):
            return None
        parsed = AuditLine.parse(line.beginning)
        is_its = parsed is not None and parsed.is_about(self.run_id, self.wrapping_accessors)
        return parsed.request_id if parsed and is_its else None

    def _is_later(self, line: LogLine) -> bool:
        # Lines that were read late have anchors of that time.
        written = time_of(line.beginning)
        return written is not None and written > self.until


def _stretch(log: BinaryIO, anchors: Sequence[Anchor], wanted: set[str], *, trimmed: bool) -> FiledStretch:
    """The lines between anchors, those of the wanted requests as they are; `trimmed` to the anchors around these."""
    lines = lines_from(log, anchors[0].place)
    parts: list[bytes] = []
    holding: list[int] = []  # the numbers of the parts with lines of the run
    for number, (before, anchor) in enumerate(pairwise(anchors)):
        part = []
        for line in islice(lines, anchor.lines - before.lines):
            if request_id_of(line.beginning) in wanted and line.beginning.endswith(b"\n"):
                part.append(line.beginning)
                holding.append(number)
            else:
                part.append(line.digest.hex().encode() + b"\n")
        parts.append(b"".join(part))
    first, last = (holding[0], holding[-1]) if trimmed and holding else (0, len(parts) - 1)
    return FiledStretch(
        chain=anchors[0].chain,
        anchors=[
            FiledAnchor(
                number=each.number, place=each.place, lines=each.lines, digest=each.digest.hex(), at=each.at
            )
            for each in anchors[first : last + 2]
        ],
        content=b"".join(parts[first : last + 1]),
    )
