"""What a source left open: questions that it did not answer in full, and values that could not be read."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.finding import ComparedValue, Finding, Severity, value_from
from app.procurement.rule import Rule
from app.procurement.rules.support.applicability import does_not_apply
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source, system_of
from app.procurement.vendor_facts import UnreadValue

_Unread = list[EvidenceOf[UnreadValue]]

#: Values shown in one finding; the rest are counted.
_SHOWN = 10
#: The most checks that a sentence names.
_NAMED = 2


def dependent_checks(watched: Sequence[Rule], case: CaseFile, source: Source) -> tuple[list[str], list[str]]:
    """The ids of the checks that need a source, and of those it helps and that can be made without it."""
    due = [check for check in watched if does_not_apply(check, case.action) is None]
    return (
        [check.id for check in due if source in check.sources],
        [check.id for check in due if source in check.helped_by and case.all_answered(check.sources)],
    )


def checks_in_words(watched: Sequence[Rule], ids: Sequence[str]) -> str:
    """These checks as a sentence names them: a few by title, many by their number."""
    if not ids:
        return "no check"
    if len(ids) > _NAMED:
        return f"{len(ids)} checks"
    titles = {check.id: check.title for check in watched}
    return listed((f"{each} ({titles[each]})" for each in ids), last="and")


def partial_answers(
    watched: Sequence[Rule], rule: Rule, case: CaseFile, severity: Severity
) -> Iterator[Finding]:
    """One finding for each source that answered, but not every question or not legibly, vendors' records aside."""
    questions = defaultdict[Source, list[str]](list)
    for gap in case.gaps:
        if gap.question is not None:
            questions[gap.source].append(f"{gap.question.words} ({gap.reason})")
    unread = defaultdict[Source, _Unread](list)
    vendors = {vendor.uei for vendor in case.action.vendors}
    for item in case.of(UnreadValue):
        if item.fact.uei not in vendors:
            unread[item.source].append(item)
    for source in sorted({*questions, *unread}):
        needing, _ = dependent_checks(watched, case, source)
        partly = listed(needing or ["none"], last="and")
        left_open = [*questions[source], *_described(unread[source])]
        yield rule.finding(
            severity=severity,
            subject=source.value,
            values=(
                *(
                    ComparedValue(source=source.value, label="not answered in full", value=each)
                    for each in questions[source]
                ),
                *_values(unread[source]),
                ComparedValue(source="rules", label="checks made only in part", value=partly),
            ),
            because=f"{system_of(source).label} did not answer in full: {'; '.join(left_open)}. What it did answer was"
            f" checked; made only in part: {checks_in_words(watched, needing)}.",
        )


def unread_of_vendors(rule: Rule, case: CaseFile, severity: Severity) -> Iterator[Finding]:
    """One finding for each vendor of whom a record holds values that could not be read."""
    unread = defaultdict[str | None, _Unread](list)
    for item in case.of(UnreadValue):
        unread[item.fact.uei].append(item)
    for party in case.action.parties:
        name, uei = party[0].name, party[0].uei
        if unread[uei]:
            yield rule.finding(
                severity=severity,
                subject=uei,
                values=_values(unread[uei]),
                because=f"Of {name} ({uei}) not everything could be read: {'; '.join(_described(unread[uei]))}. What"
                " depends on it was not checked; the rest was.",
            )


def _described(unread: _Unread) -> list[str]:
    shown = [
        f"{item.source.value}, record {item.fact.record}: {item.fact.field} is {item.fact.value}"
        for item in unread[:_SHOWN]
    ]
    return [*shown, *([f"{len(unread) - _SHOWN} more values"] if len(unread) > _SHOWN else [])]


def _values(unread: _Unread) -> tuple[ComparedValue, ...]:
    return tuple(
        value_from(item, f"not readable: {item.fact.field}", item.fact.value) for item in unread[:_SHOWN]
    )
