"""S01: checks that were not performed, or that rest on stale answers."""

from collections.abc import Iterator
from functools import partial

from app.procurement.case_file import CaseFile
from app.procurement.finding import NOT_PERFORMED, Authority, ComparedValue, Finding, Severity
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.freshness import late_look, stale_answers, stale_file_checks
from app.procurement.rules.support.missing_answers import (
    checks_in_words,
    dependent_checks,
    partial_answers,
    unread_of_vendors,
)
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source, system_of


def watch_over(rules: tuple[Rule, ...]) -> Rule:
    """S01, which watches over `rules` and their sources."""
    return Rule(
        id=NOT_PERFORMED,
        title="Check not performed, or evidence stale",
        kind=FindingKind.GAP,
        version=5,
        sources=(),
        helped_by=tuple(Source),
        severities=Severities(
            new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.BLOCKING
        ),
        authority=Authority(
            codified="FAR 9.405(e)(1), (4)", rfo="RFO 9.405(e)(1), (4), 4.203-2(a)(1), 4.304(b)(2)"
        ),
        comparison="Whether every source answered every question, each value could be read and every check could be made; how old its answer is; the day of the SAM.gov check in the file,"
        " or of the run where there is none, against the days of action and signature.",
        traps=(
            "An empty answer is an answer; a refusal for too many requests is none.",
            "What one question brought stands, even if another of the same source was not answered.",
            "A value that cannot be read costs what depends on it, and nothing else.",
            "The day is the Eastern day, not that of universal time.",
            "An answer kept from earlier counts from when the source gave it.",
            "A check on the day of signature is not too early, even if the action takes effect later.",
            "Before the day of the action a check in the file cannot be of that day: advisory.",
            "Of several checks in the file one of the right day is enough.",
            "A system that the action has no need for is not missed.",
            "After signature the run's own look is no check before it, but a check in the file is.",
        ),
        recommended="Re-pull the records; if the source stays silent or the check fails again, check by hand and record"
        " it with its date.",
        check=partial(not_performed, rules),
    )


def not_performed(watched: tuple[Rule, ...], rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """S01: a source did not answer, or what it said is too old, so the run is not clear.

    FAR 9.405(e)(1), (4) ("immediately prior to award"); RFO 9.405(e)(1), (4), 4.203-2(a)(1), 4.304(b)(2).
    """
    severity = rule.severities.of(case.action) or Severity.BLOCKING
    for source in sorted({gap.source for gap in case.gaps if gap.question is None}):
        yield _silent(watched, rule, case, source, severity)
    yield from partial_answers(watched, rule, case, severity)
    yield from unread_of_vendors(rule, case, severity)
    yield from stale_answers(rule, case, severity)
    yield from stale_file_checks(rule, case, severity)
    yield from late_look(rule, case, severity)


def failed_check(own: Rule, case: CaseFile, failed: Rule, error: Exception) -> Finding:
    """S01 (`own`): a check that raised `error`, of which only the type is shown."""
    reason = type(error).__name__
    return own.finding(
        severity=own.severities.of(case.action) or Severity.BLOCKING,
        subject=failed.id,
        values=(
            ComparedValue(source="rules", label="check not performed", value=failed.id),
            ComparedValue(source="rules", label="reason", value=f"the check failed ({reason})"),
        ),
        because=f"Check {failed.id} ({failed.title}) was not performed: it failed ({reason}).",
    )


def _silent(
    watched: tuple[Rule, ...], rule: Rule, case: CaseFile, source: Source, severity: Severity
) -> Finding:
    reason = "; ".join(sorted({gap.reason for gap in case.gaps if gap.source is source}))
    blind, partly = dependent_checks(watched, case, source)
    in_part = f"; made only in part: {checks_in_words(watched, partly)}" if partly else ""
    return rule.finding(
        severity=severity,
        subject=source.value,
        values=(
            ComparedValue(source=source.value, label="answer", value=f"none: {reason}"),
            ComparedValue(source="rules", label="checks not performed", value=_ids(blind)),
            ComparedValue(source="rules", label="checks made only in part", value=_ids(partly)),
        ),
        because=f"{system_of(source).label} gave no usable answer ({reason}). Not performed:"
        f" {checks_in_words(watched, blind)}{in_part}.",
    )


def _ids(checks: list[str]) -> str:
    return listed(checks or ["none"], last="and")
