"""How many flags each value of a filter would match, with the other filters unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, func, literal, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flag_search import FULL_COUNT
from app.store.tables import FLAG_TALLY, FlagRow

#: The most flags that are counted one by one, which a search, a vendor or a time requires.
COUNTED = 2_000
_FACETS = ("status", "severity", "rule", "action_type", "assignee", "system")
#: The statement for each combination of filters: building it takes twice as long as running it.
_STATEMENTS: dict[tuple[Any, ...], Any] = {}
_KEPT = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Facets:
    """The number of flags by filter and value, and in total.

    If more than `COUNTED` flags match the search, the vendor and the time, `total` is None and `by` is empty.
    """

    total: int | None
    by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, name: str, value: str) -> int | None:
        """How many flags this value would match; None if not counted."""
        return None if self.total is None else self.by[name].get(value, 0)

    def without(self, name: str) -> int | None:
        """How many flags would match without this filter; None if not counted."""
        return None if self.total is None or name not in self.by else sum(self.by[name].values())


def facets(db: Session, wanted: FlagFilter, *, share: float = 0.0) -> Facets:
    """Counts for this filter, always in one query. `share` of the flags match its text, see `flag_search`."""
    values = wanted.values
    index = share < FULL_COUNT
    shape = (frozenset(values), wanted.text is None, index, wanted.settled, wanted.earlier, COUNTED)
    statement = _STATEMENTS.get(shape)
    if statement is None:
        if len(_STATEMENTS) >= _KEPT:
            _STATEMENTS.clear()
        statement = _STATEMENTS[shape] = _statement(wanted, index=index)
    total, counted = 0, 0
    by: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
    for name, value, number in db.execute(statement, values):
        if name == "total":
            total = int(number)
        elif name == "counted":
            counted = int(number)
        elif number:
            by[name][value] = int(number)
    if wanted.sought() and counted > COUNTED:
        return Facets(total=None)
    return Facets(total=total, by=by)


def total_and_blocking(wanted: FlagFilter, *, share: float) -> Select[int, int]:
    """Statement for how many `flags` match, and how many of these are `blocking`.

    If more than `COUNTED` match the search, the vendor and the time, the numbers are only known to be above it.
    """
    if wanted.sought():
        columns = col(FlagRow.severity), literal(1).label("flags")
        found = wanted.all(index=share < FULL_COUNT)
        rows = select(*columns).where(*found).limit(COUNTED + 1).subquery()
        tests: list[ColumnElement[bool]] = []
    else:
        rows = _tallied(wanted).subquery()
        tests = list(wanted.kind(rows.c).values())
    blocking = func.coalesce(func.sum(rows.c.flags).filter(rows.c.severity == "blocking"), 0)
    return select(_sum(rows).label("flags"), blocking.label("blocking")).where(*tests)


def _statement(wanted: FlagFilter, *, index: bool) -> Any:
    cells = _cells(_counted(wanted, index=index) if wanted.sought() else _tallied(wanted))
    tests = wanted.kind(cells.c)
    parts = [select(literal("total"), literal(""), _sum(cells)).where(*tests.values())]
    for name in _FACETS:
        others = [test for other, test in tests.items() if other != name]
        if name == "system":
            each = select(func.unnest(cells.c.systems).label("system"), cells.c.flags)
            each_of = each.where(*others).subquery()
            parts.append(select(literal(name), each_of.c.system, _sum(each_of)).group_by(each_of.c.system))
            continue
        value = cells.c.assigned_to if name == "assignee" else cells.c[name]
        parts.append(select(literal(name), value, _sum(cells)).where(*others).group_by(value))
    return union_all(*parts, select(literal("counted"), literal(""), _sum(cells)))


def _cells(rows: Any) -> CTE:
    """One row for each kind of flag, so that the seven sums are over few rows."""
    each = rows.subquery()
    kind = [column for column in each.c if column.name != "flags"]
    return select(*kind, _sum(each).label("flags")).group_by(*kind).cte("cells")


def _tallied(wanted: FlagFilter) -> Any:
    tally = FLAG_TALLY.c
    rows = select(
        tally.status,
        tally.severity,
        tally.rule,
        tally.action_type,
        tally.systems,
        func.coalesce(tally.assignee, "").label("assigned_to"),
        tally.flags,
    )
    return rows if wanted.earlier else rows.where(tally.current)


def _counted(wanted: FlagFilter, *, index: bool) -> Any:
    rows = select(
        col(FlagRow.status),
        col(FlagRow.severity),
        col(FlagRow.rule),
        col(FlagRow.action_type),
        col(FlagRow.systems),
        col(FlagRow.assigned_to),
        literal(1).label("flags"),
    ).where(*wanted.sought(index=index))
    return (rows if wanted.earlier else rows.where(col(FlagRow.current))).limit(COUNTED + 1)


def _sum(cells: FromClause) -> ColumnElement[int]:
    return func.coalesce(func.sum(cells.c.flags), 0)
