"""The filters of the queue as links, each value with the number of flags it would keep."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.procurement.finding import Severity
from app.procurement.labels import ACTION_TYPES, SOURCES, STATUSES
from app.procurement.rules import RULES
from app.review.queries import Facets
from app.review.roles import Person
from app.web.list_queries import ME
from app.web.queue_filter import ANY, FLAGGED_SYSTEMS, NOBODY, NOT_CLOSED, QueueQuery

TITLES: Mapping[str, str] = {rule.id: rule.title for rule in RULES}
_AGES = (
    ("1 day", {"within": "1"}),
    ("7 days", {"within": "7"}),
    ("30 days", {"within": "30"}),
    ("more than 7 days ago", {"older": "7"}),
    ("more than 30 days ago", {"older": "30"}),
)
_LIMITS = (("Not decided in time", {"late": "1"}), ("Referral overdue", {"overdue": "1"}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One value of a filter; `flags` is None if they were not counted."""

    text: str
    link: str
    flags: int | None
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One filter; `folded` if its values are hidden until opened."""

    label: str
    choices: tuple[Choice, ...]
    folded: bool = False

    @property
    def chosen(self) -> str:
        """The text of the chosen value."""
        return next((each.text for each in self.choices if each.chosen), "as given")


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """An active filter: its text, the link that removes it, and the number of flags without it, if counted."""

    name: str
    text: str
    link: str
    flags: int | None


def groups(query: QueueQuery, facets: Facets, people: Mapping[str, Person], *, me: str) -> list[Group]:
    """All filters with links, most used first."""
    return [
        _status(query, facets),
        _group(
            query, facets, "Severity", "severity", {each.value: each.value.capitalize() for each in Severity}
        ),
        _assignee(query, facets, people, me=me),
        _group(query, facets, "Action type", "action_type", ACTION_TYPES, folded=True),
        _group(
            query, facets, "System", "system", {name: SOURCES[name] for name in FLAGGED_SYSTEMS}, folded=True
        ),
        _group(query, facets, "Rule", "rule", _rules(query, facets), folded=True),
        _exclusive(query, "Found", "Any time", _AGES, "within", "older", "raised_from", "raised_to"),
        _exclusive(query, "Past a limit", "Any", _LIMITS, "late", "overdue"),
    ]


def in_use(query: QueueQuery, facets: Facets, people: Mapping[str, Person], *, me: str) -> Iterator[Filter]:
    """The active filters, each with a link that removes it."""
    words = {
        "status": ("Status", {**STATUSES, ANY: "any", NOT_CLOSED: "not closed"}),
        "severity": ("Severity", {}),
        "rule": ("Rule", {id_: f"{id_} {title}" for id_, title in TITLES.items()}),
        "system": ("System", SOURCES),
        "action_type": ("Action type", ACTION_TYPES),
        "assignee": ("Assigned to", {ME: "me", NOBODY: "no one", **_names(people, me=me)}),
        "vendor": ("Vendor", {}),
        "within": ("Found in the last days", {}),
        "older": ("Found more than this many days ago", {}),
        "raised_from": ("Found from", {}),
        "raised_to": ("Found to", {}),
        "late": ("Not decided", {"1": "in time"}),
        "overdue": ("Referral", {"1": "overdue"}),
        "q": ("Search", {}),
        "earlier": ("Earlier runs", {"1": "included"}),
    }
    for name, value in query.filters.items():
        label, known = words[name]
        flags = facets.total if name == "status" and value == NOT_CLOSED else facets.without(name)
        yield Filter(
            name=name,
            text=f"{label}: {known.get(value, value)}",
            link=query.link(**{name: ANY if name == "status" and value != ANY else None}),
            flags=flags,
        )


def _group(
    query: QueueQuery,
    facets: Facets,
    label: str,
    name: str,
    values: Mapping[str, str],
    *,
    folded: bool = False,
) -> Group:
    set_to = query.args.get(name)
    anything = Choice(
        text="Any", link=query.link(**{name: None}), flags=facets.without(name), chosen=set_to is None
    )
    others = (
        Choice(
            text=text,
            link=query.link(**{name: value}),
            flags=facets.of(name, value),
            chosen=set_to == value,
        )
        for value, text in values.items()
    )
    return Group(label=label, choices=(anything, *others), folded=folded)


def _status(query: QueueQuery, facets: Facets) -> Group:
    known = _group(query, facets, "Status", "status", STATUSES)
    anything, *others = known.choices
    set_to = query.args.get("status", NOT_CLOSED)
    closed = facets.of("status", "closed")
    not_closed = Choice(
        text="Not closed",
        link=query.link(status=None),
        flags=None if closed is None or anything.flags is None else anything.flags - closed,
        chosen=set_to == NOT_CLOSED,
    )
    every = Choice(text="Any", link=query.link(status=ANY), flags=anything.flags, chosen=set_to == ANY)
    return Group(label=known.label, choices=(not_closed, *others, every))


def _assignee(query: QueueQuery, facets: Facets, people: Mapping[str, Person], *, me: str) -> Group:
    values = {ME: "Me", NOBODY: "Not assigned"}
    set_to = query.args.get("assignee")
    counted = facets.by.get("assignee", {})
    others = {
        subject: name for subject, name in _names(people, me=me).items() if subject in {set_to, *counted}
    }
    if set_to is not None and set_to not in {**values, **others}:
        others[set_to] = set_to
    known = _group(query, facets, "Assigned to", "assignee", {**values, **others})
    numbers = {ME: facets.of("assignee", me), NOBODY: facets.of("assignee", "")}
    anyone, mine, unassigned, *rest = known.choices
    return Group(
        label=known.label,
        choices=(
            Choice(text="Anyone", link=anyone.link, flags=anyone.flags, chosen=anyone.chosen),
            Choice(text="Me", link=mine.link, flags=numbers[ME], chosen=mine.chosen),
            Choice(
                text="Not assigned", link=unassigned.link, flags=numbers[NOBODY], chosen=unassigned.chosen
            ),
            *rest,
        ),
    )


def _rules(query: QueueQuery, facets: Facets) -> Mapping[str, str]:
    """The rules with matching flags, or all rules if flags were not counted."""
    counted = facets.by.get("rule")
    return {
        id_: f"{id_} {title}"
        for id_, title in TITLES.items()
        if counted is None or id_ in counted or query.args.get("rule") == id_
    }


def _exclusive(
    query: QueueQuery, label: str, anything: str, options: Iterable[tuple[str, dict[str, str]]], *names: str
) -> Group:
    """Parameters of which a link sets some and removes the others of `names`."""
    none = dict.fromkeys(names)
    now = {name: query.args[name] for name in names if name in query.args}
    choices = [Choice(text=anything, link=query.link(**none), flags=None, chosen=not now)]
    for text, wanted in options:
        link = query.link(**{**none, **wanted})
        choices.append(Choice(text=text, link=link, flags=None, chosen=now == wanted))
    return Group(label=label, choices=tuple(choices), folded=True)


def _names(people: Mapping[str, Person], *, me: str) -> dict[str, str]:
    return {subject: person.name for subject, person in people.items() if subject != me}
