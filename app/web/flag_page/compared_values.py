"""The values of a flag: what differs between them, or what is the same where the finding is a match."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.procurement.difference import TextPart, differences
from app.procurement.distance import Stated, amounts_apart, days_apart
from app.procurement.labels import SOURCES, worded
from app.procurement.rule import FindingKind, Rule
from app.procurement.rules import RULES
from app.procurement.sameness import agreements, marked_same
from app.procurement.systems import Source
from app.review.queries import FlagPage, ValueLineage

#: What rules write for a source without a value.
_NOTHING = "none"
_TITLES = {rule.id: rule.title for rule in RULES}
_CHECKS = re.compile(r"\b[A-Z]\d\d\b")

HEADLINES = {
    FindingKind.DIFFERENCE: "Values differ",
    FindingKind.MATCH: "Matches",
    FindingKind.GAP: "Not known",
    FindingKind.CONDITION: "Needs attention",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One value in parts; `same_as` names the systems that agree. `checks` are the checks that the value lists."""

    line: ValueLineage
    parts: tuple[TextPart, ...]
    same_as: Sequence[str] = ()
    checks: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The values of a flag in order, and in words how far they are apart or what they have in common."""

    kind: FindingKind
    headline: str
    values: Sequence[Shown]
    notes: Sequence[str] = ()


def rule_of(rule_id: str) -> Rule | None:
    """The rule with this id, as it is made today."""
    return next((rule for rule in RULES if rule.id == rule_id), None)


def compared(page: FlagPage, *, missing: bool) -> Comparison:
    """What a flag compares; `missing` says that no system gave a value."""
    rule = rule_of(page.flag.rule)
    kind = rule.kind if rule else FindingKind.DIFFERENCE
    headline = "A value is missing" if missing and kind is not FindingKind.GAP else HEADLINES[kind]
    if kind is FindingKind.GAP:
        return Comparison(kind=kind, headline=headline, values=[_gap(line) for line in page.values])
    if kind is FindingKind.MATCH:
        notes = _matches(page)
        if notes:
            headline = f"Matches: {', '.join(notes)}"
        return Comparison(kind=kind, headline=headline, values=_alike(page.values), notes=notes)
    stated = [line for line in page.values if _is_stated(line)]
    side = rule.side if rule else None
    apart = [_stated(line, side(line.value.label) if side else None) for line in stated]
    notes = (*amounts_apart(apart), *days_apart(apart))
    values = (
        _different(page.values, stated)
        if kind is FindingKind.DIFFERENCE
        else [_plain(v) for v in page.values]
    )
    return Comparison(kind=kind, headline=headline, values=values, notes=notes)


def _is_stated(line: ValueLineage) -> bool:
    return line.value.value != _NOTHING and line.value.source != "rules"


def _stated(line: ValueLineage, side: str | None) -> Stated:
    return Stated(who=worded(SOURCES, line.value.source), value=line.value.value, side=side)


def _plain(line: ValueLineage) -> Shown:
    return Shown(line=line, parts=(TextPart(line.value.value),))


def _gap(line: ValueLineage) -> Shown:
    """A list of checks is shown with their titles."""
    ids = _CHECKS.findall(line.value.value) if line.value.source == "rules" else []
    checks = [(each, _TITLES.get(each, "no longer made")) for each in ids]
    return Shown(line=line, parts=(TextPart(line.value.value),), checks=checks)


def _different(values: Sequence[ValueLineage], stated: Sequence[ValueLineage]) -> list[Shown]:
    if len(stated) < 2:  # noqa: PLR2004  # one value alone cannot differ
        return [_plain(line) for line in values]
    written = dict(zip(map(id, stated), differences([line.value.value for line in stated]), strict=True))
    return [
        Shown(line=line, parts=found.parts, same_as=_named(stated, found.same_as))
        if (found := written.get(id(line)))
        else _plain(line)
        for line in values
    ]


def _named(stated: Sequence[ValueLineage], places: Sequence[int]) -> list[str]:
    """The names of the systems, each once."""
    return list(dict.fromkeys(worded(SOURCES, stated[at].value.source) for at in places))


def _is_record(line: ValueLineage) -> bool:
    """Whether it is a record of the list that the finding matches; the other values are about the vendor."""
    return line.value.source == Source.DEBARMENT


def _alike(values: Sequence[ValueLineage]) -> list[Shown]:
    return [
        Shown(
            line=line,
            parts=marked_same(
                line.value.value,
                [other.value.value for other in values if _is_record(other) is not _is_record(line)],
            ),
        )
        for line in values
    ]


def _matches(page: FlagPage) -> tuple[str, ...]:
    """What vendor and records have in common: identifiers first, or how alike their names are."""
    flag = page.flag
    ours = [line.value.value for line in page.values if not _is_record(line)]
    theirs = [line.value.value for line in page.values if _is_record(line)]
    cages = [str(vendor["cage"]) for vendor in page.action.vendors if vendor.get("cage")]
    own = cages if any(vendor.get("uei") == flag.subject for vendor in page.action.vendors) else []
    found = dict.fromkeys(
        words
        for our in ours
        for their in theirs
        for words in agreements(our, their, known=own, said=flag.because)
    )
    if flag.match_score is not None and "same name" not in found:
        found[f"name alike, {flag.match_score:.2f} of 1.00"] = None
    return tuple(found)
