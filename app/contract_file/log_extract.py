"""The part of the vault's log in a bundle: lines of its runs as the vault wrote them, and the digests of those between.

A stretch reaches from one anchor of the log's chain to another, so that the chain can be computed again without the log.
Its file has one line for each line of the log: the vault's own, or 64 hexadecimal digits, the SHA-256 of another's line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, Self
from uuid import UUID

from app.contract_file.run_content import Fields

#: Where the stretches are in a bundle.
STRETCHES = "vault-log/"
#: Anchors of a stretch at least.
_LEAST = 2
_DIGEST = 64
_HEX = frozenset(b"0123456789abcdef")


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledAnchor:
    """An anchor: `place` bytes and `lines` lines of a chain had been read at `at` (UTC); `digest` is hexadecimal."""

    number: int
    place: int
    lines: int
    digest: str
    at: datetime

    def stated(self) -> Fields:
        """The same as JSON values."""
        return {
            "number": self.number,
            "place": self.place,
            "lines": self.lines,
            "digest": self.digest,
            "at": self.at.isoformat(),
        }

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Self:
        """From what `stated` returned. Raises KeyError, TypeError or ValueError."""
        numbers = {name: int(stated[name]) for name in ("number", "place", "lines")}
        at = datetime.fromisoformat(stated["at"])
        if at.tzinfo is None or len(bytes.fromhex(stated["digest"])) != sha256().digest_size:
            raise ValueError
        return cls(**numbers, digest=stated["digest"], at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledStretch:
    """Lines of a chain from its first anchor here to its last; `content` as the bundle holds them."""

    chain: UUID
    anchors: Sequence[FiledAnchor]
    content: bytes

    @classmethod
    def of(cls, stated: Mapping[str, Any], content: bytes) -> Self:
        """From what `stated` returned. Raises KeyError, TypeError or ValueError."""
        anchors = [FiledAnchor.of(each) for each in stated["anchors"]]
        if len(anchors) < _LEAST:
            raise ValueError
        return cls(chain=UUID(stated["chain"]), anchors=anchors, content=content)

    def stated(self) -> Fields:
        """All but the lines, as JSON values."""
        return {"chain": str(self.chain), "anchors": [anchor.stated() for anchor in self.anchors]}

    def lines(self) -> Iterator[tuple[bytes, FiledAnchor]]:
        """The vault's own lines, each with its newline and the anchor that covers it."""
        for anchor, entries in self._by_anchor():
            yield from ((each + b"\n", anchor) for each in entries if not _is_digest(each))

    def difference(self) -> str | None:
        """How the lines differ from what was anchored, or None."""
        start, end = self.anchors[0], self.anchors[-1]
        found, expected = len(self._entries()), end.lines - start.lines
        if found != expected:
            return f"holds {found:,} lines; between its anchors, the vault's log had {expected:,}"
        reached = bytes.fromhex(start.digest)
        for anchor, entries in self._by_anchor():
            for each in entries:
                digest = bytes.fromhex(each.decode()) if _is_digest(each) else sha256(each + b"\n").digest()
                reached = sha256(reached + digest).digest()
            if reached.hex() != anchor.digest:
                return (
                    f"differs from what was read up to anchor {anchor.number} of the vault's log:"
                    " a line was changed, removed, added or moved"
                )
        return None

    def _by_anchor(self) -> Iterator[tuple[FiledAnchor, list[bytes]]]:
        entries, start = self._entries(), self.anchors[0].lines
        for before, anchor in pairwise(self.anchors):
            yield anchor, entries[before.lines - start : anchor.lines - start]

    def _entries(self) -> list[bytes]:
        *entries, rest = self.content.split(b"\n")
        return [*entries, rest] if rest else entries


@dataclass(frozen=True, kw_only=True, slots=True)
class RunCoverage:
    """What the extract does not prove of a run.

    `gaps`: why lines of the run may not be in it. `missing`: other premises that its lines rest on.
    """

    gaps: Sequence[str] = ()
    missing: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LogExtract:
    """The stretches that hold the lines of runs, and what they do not prove of each run."""

    stretches: Sequence[FiledStretch] = ()
    runs: Mapping[UUID, RunCoverage] = field(default_factory=dict)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files of the stretches, by name."""
        return ((_name(number), each.content) for number, each in enumerate(self.stretches, start=1))

    def stated(self) -> Fields:
        """All but the lines, as JSON values."""
        return {
            "stretches": [
                {"name": _name(number), **each.stated()}
                for number, each in enumerate(self.stretches, start=1)
            ],
            "runs": {
                str(run_id): {"gaps": list(each.gaps), "missing": list(each.missing)}
                for run_id, each in self.runs.items()
            },
        }


def _name(number: int) -> str:
    return f"{STRETCHES}{number}"


def _is_digest(text: bytes) -> bool:
    return len(text) == _DIGEST and _HEX.issuperset(text)
