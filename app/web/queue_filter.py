"""Parses the query string of the queue, such as `/flags?status=open&severity=blocking&sort=-raised`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from app.procurement.federal_time import eastern_day, eastern_midnight
from app.procurement.finding import Severity
from app.procurement.labels import ACTION_TYPES
from app.procurement.rules import RULES
from app.procurement.systems import SYSTEMS
from app.review.ageing import AgeingPolicy
from app.review.flag_history import Status
from app.review.queries import FlagFilter, Place, Sort
from app.web.list_queries import ME, MOST_DAYS, Ignored, searchable

#: Values of `status` for flags that are not closed, which is the default, and for all flags.
NOT_CLOSED, ANY = "not_closed", "any"
NOBODY = "nobody"
#: Systems a flag can be about; the action's own value is compared with each of them.
FLAGGED_SYSTEMS = tuple(system.name for system in SYSTEMS)
_LONGEST_QUERY = 2_000
_YEARS = range(2000, 2100)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueQuery:
    """A parsed query: filter, order, cursors, and the parameters that were ignored.

    `path` is the address of the queue; `args` are the accepted parameters as written, without the cursor.
    """

    path: str
    args: Mapping[str, str]
    flag_filter: FlagFilter
    sort: Sort = Sort.SEVERITY
    after: Place | None = None
    before: Place | None = None
    ignored: tuple[Ignored, ...] = ()

    def link(self, **changed: str | None) -> str:
        """The address of the first page with some filters changed, or removed where None."""
        args = {name: value for name, value in {**self.args, **changed}.items() if value is not None}
        # A page has a hundred of these: Flask's url_for would take a fifth of the time the page takes.
        return f"{self.path}?{urlencode(args)}" if args else self.path

    @property
    def query_string(self) -> str:
        """The accepted parameters as a query string."""
        return urlencode(self.args)

    @property
    def filters(self) -> Mapping[str, str]:
        """The active filters, without the order."""
        return {name: value for name, value in self.args.items() if name != "sort"}


def queue_query(
    args: MultiDict[str, str], *, me: str, now: datetime, ageing: AgeingPolicy, path: str | None = None
) -> QueueQuery:
    """Parse query parameters. `me` is the subject of the signed-in person, `path` the queue's address where no page is.

    Invalid parameters are listed in `ignored`; nothing raises.
    """
    taken: dict[str, str] = {}
    wanted: dict[str, Any] = {"settled": False}
    ignored = list[Ignored]()
    places = dict[str, str]()
    for name, (value, *others) in args.lists():
        ignored += [Ignored(name, other) for other in others]
        if value == "":
            continue  # an empty form field
        if name in _PLACES:
            places[name] = value
            continue
        read = _READERS.get(name)
        found = read(value, _Asker(me=me, now=now, ageing=ageing)) if read and searchable(value) else None
        if found is None:
            ignored.append(Ignored(name, value))
        else:
            taken[name] = value
            wanted = _both(wanted, found)
    sort = Sort(taken.get("sort", Sort.SEVERITY))
    known = dict[str, Place]()
    for name, value in places.items():
        try:
            known[name] = Place.parse(value, sort)
        except ValueError:
            ignored.append(Ignored(name, value))
    return QueueQuery(
        path=url_for("flags.queue") if path is None else path,
        args=taken,
        flag_filter=FlagFilter(**wanted),
        sort=sort,
        ignored=tuple(ignored),
        **known,
    )


def query_of_text(query: str, *, me: str, now: datetime, ageing: AgeingPolicy) -> QueueQuery:
    """Parse a query string."""
    return queue_query(MultiDict(parse_qsl(query[:_LONGEST_QUERY])), me=me, now=now, ageing=ageing)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asker:
    me: str
    now: datetime
    ageing: AgeingPolicy


#: Returns the fields of `FlagFilter` for a value, or None if the value is invalid.
_Reader = Callable[[str, _Asker], dict[str, Any] | None]


def _one_of(name: str, known: Collection[str]) -> _Reader:
    return lambda value, _: {name: value} if value in known else None


def _text(name: str) -> _Reader:
    return lambda value, _: {name: value.strip()} if value.strip() else None


def _days(name: str) -> _Reader:
    def read(value: str, asker: _Asker) -> dict[str, Any] | None:
        if not (value.isascii() and value.isdecimal() and 0 < int(value) <= MOST_DAYS):
            return None
        return {name: asker.now - timedelta(days=int(value))}

    return read


def _day(name: str, *, ends: bool = False) -> _Reader:
    """An Eastern day, YYYY-MM-DD: its start, or its end if `ends`."""

    def read(value: str, _: _Asker) -> dict[str, Any] | None:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return None
        if day.isoformat() != value or day.year not in _YEARS:
            return None
        return {name: eastern_midnight(day + timedelta(days=ends))}

    return read


def _both(wanted: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both sets of fields combined; of two limits in time, the narrower one."""
    narrower = {
        name: narrow(wanted[name], more[name])
        for name, narrow in (("raised_from", max), ("raised_before", min))
        if name in wanted and name in more
    }
    return {**wanted, **more, **narrower}


def _status(value: str, _: _Asker) -> dict[str, Any] | None:
    if value in {NOT_CLOSED, ANY}:
        return {"settled": value == ANY}
    known = value in {status.value for status in Status}
    return {"settled": True, "status": Status(value)} if known else None


_READERS: Mapping[str, _Reader] = {
    "status": _status,
    "severity": _one_of("severity", frozenset(severity.value for severity in Severity)),
    "rule": _one_of("rule", frozenset(rule.id for rule in RULES)),
    "system": _one_of("system", FLAGGED_SYSTEMS),
    "action_type": _one_of("action_type", ACTION_TYPES),
    "vendor": _text("vendor"),
    "assignee": lambda value, asker: {"assignee": {ME: asker.me, NOBODY: ""}.get(value, value)},
    "within": _days("raised_from"),
    "older": _days("raised_before"),
    "raised_from": _day("raised_from"),
    "raised_to": _day("raised_before", ends=True),
    "late": lambda value, asker: (
        {"late_before": asker.ageing.late_before(asker.now)} if value == "1" else None
    ),
    "overdue": lambda value, asker: {"due_before": eastern_day(asker.now)} if value == "1" else None,
    "q": _text("text"),
    "earlier": lambda value, _: {"earlier": True} if value == "1" else None,
    "sort": lambda value, _: {} if value in frozenset(sort.value for sort in Sort) else None,
}
_PLACES = ("after", "before")
