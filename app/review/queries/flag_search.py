"""Search by parts of names and numbers: `0012 "prairie holdings" -closed or 1,184,000`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, false, func, not_, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.store.tables import FlagRow

_WRITTEN = re.compile(r'(?P<minus>-?)(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')
#: Punctuation around a part that nobody means: "Prairie," is prairie.
_AROUND = ".,;:!?()[]{}'"
#: The most parts of one search.
MOST = 12
_TEXT: Any = col(FlagRow.search)
_PIECES = func.search_pieces(_TEXT)
#: The newest flags that are looked at to see how many match.
_SAMPLE = 500
#: Shares of flags that match from which reading the texts is faster than the index: in order until a page is full, and to
#: count up to the limit.
FULL_PAGE, FULL_COUNT = 0.02, 0.3


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a search, which a flag must have or, if `excluded`, must not have."""

    name: str
    text: str
    excluded: bool

    def satisfied(self, text: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether this text of a flag has it, or has it not if `excluded`."""
        found = func.strpos(text, self._form) > 0
        return not_(found) if self.excluded else found

    @property
    def indexed(self) -> bool:
        """Whether the index can tell which flags may have it."""
        return not self.excluded and len(self.text) > 1

    @property
    def may_have(self) -> ColumnElement[bool]:
        """Whether a flag has the pieces of it, by the index."""
        return _PIECES.bool_op("@>")(func.search_query(bindparam(self.name, self.text)))

    @property
    def _form(self) -> ColumnElement[str]:
        # As a subquery: in a prepared statement it would otherwise be found again for each row.
        return select(func.search_part(bindparam(self.name, self.text))).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: all parts of one of the `alternatives`, each at any place of a flag's text."""

    alternatives: tuple[tuple[Part, ...], ...]

    @property
    def values(self) -> dict[str, str]:
        """The parts by the name of their parameter, which also tells the form of the search."""
        return {part.name: part.text for parts in self.alternatives for part in parts}

    def condition(self, *, index: bool, text: ColumnElement[str] = _TEXT) -> ColumnElement[bool]:
        """Whether a flag matches; by reading its text, or by the index first."""
        usable = index and all(any(part.indexed for part in parts) for parts in self.alternatives)
        found = [
            and_(
                *(part.satisfied(text) for part in parts),
                *(part.may_have for part in parts if usable and part.indexed),
            )
            for parts in self.alternatives
        ]
        return or_(*found) if found else false()


def search_of(text: str) -> Search:
    """What a person wrote: parts of words and numbers, "a phrase" in quotes, -part to exclude, `or` between alternatives."""
    alternatives: list[list[Part]] = [[]]
    for excluded, meant in _parts(text):
        if meant is None:
            alternatives.append([])
            continue
        name = f"text_{len(alternatives)}_{len(alternatives[-1])}{'_not' if excluded else ''}"
        alternatives[-1].append(Part(name + ("_short" if len(meant) == 1 else ""), meant, excluded))
    return Search(tuple(tuple(parts) for parts in alternatives if parts))


def _parts(text: str) -> Iterator[tuple[bool, str | None]]:
    """Each part and whether it is excluded; None stands for `or`."""
    for written in list(_WRITTEN.finditer(text))[:MOST]:
        excluded, plain = bool(written["minus"]), written["plain"]
        if plain is None:
            meant = written["quoted"].strip()
        elif plain.lower() == "or" and not excluded:
            yield False, None
            continue
        else:
            meant = plain.strip(_AROUND) or plain
        if meant:
            yield excluded, meant


def share(db: Session, text: str | None) -> float:
    """The share of the newest flags that this search finds, which tells how to find the others. 0 without a search."""
    if text is None:
        return 0.0
    newest = (
        select(_TEXT)
        .where(col(FlagRow.current))
        .order_by(col(FlagRow.raised_at).desc(), col(FlagRow.flag_id).desc())
        .limit(_SAMPLE)
        .subquery()
    )
    found = search_of(text).condition(index=False, text=newest.c.search)
    return float(db.execute(select(func.count()).select_from(newest).where(found)).scalar_one() / _SAMPLE)
