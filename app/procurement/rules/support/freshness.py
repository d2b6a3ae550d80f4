"""How old evidence may be: what the run pulled itself, and the SAM.gov checks recorded in the file."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from app.procurement.case_file import CaseFile, Evidence
from app.procurement.federal_time import eastern_day
from app.procurement.finding import ComparedValue, Finding, Severity, no_value, value_from, value_of_action
from app.procurement.rule import Rule
from app.procurement.rules.support.file_documents import Filed, filed, holding, signed_on
from app.procurement.systems import Source, system_of

#: Documents that record a pull of SAM.gov and of its exclusions.
SAM_CHECKS = frozenset({"SAMCHK", "RESP"})


def stale_answers(rule: Rule, case: CaseFile, severity: Severity) -> Iterator[Finding]:
    """One finding for each source whose oldest answer is beyond its limit; none where the run's time is unknown."""
    if case.as_of is None:
        return
    oldest: dict[Source, Evidence] = {}
    for item in case.evidence:
        earliest = oldest.setdefault(item.source, item)
        if (item.pulled_at, item.record_key) < (earliest.pulled_at, earliest.record_key):
            oldest[item.source] = item
    for source in sorted(oldest):
        item = oldest[source]
        limit = _limit(source, item.pulled_at, case.as_of)
        if limit is None:
            continue
        yield rule.finding(
            severity=severity,
            subject=f"{source.value}:age",
            values=(
                value_from(item, "answered at", _moment(item.pulled_at)),
                ComparedValue(source="rules", label="looked at", value=_moment(case.as_of)),
            ),
            because=f"The answer of {source.value} is of {_moment(item.pulled_at)} and was looked at on"
            f" {_moment(case.as_of)}; it is good for {limit}.",
        )


def stale_file_checks(rule: Rule, case: CaseFile, severity: Severity) -> Iterator[Finding]:
    """One finding for each vendor whose SAM.gov checks in the file are all before the action or after signature."""
    signed = signed_on(case)
    due = min(signed or case.action.effective_date, case.action.effective_date)
    checks: dict[str, list[Filed]] = defaultdict(list)
    for item in filed(case):
        if item.fact.doc_type in SAM_CHECKS and item.fact.status == "final" and item.fact.checked:
            checks[(item.fact.vendor_uei or case.action.prime.uei).upper()].append(item)
    for uei in sorted(checks):
        days = [item.fact.checked for item in checks[uei] if item.fact.checked]
        if any(day >= due and (signed is None or day <= signed) for day in days):
            continue
        last = max(days)
        if signed is None:
            against = f"the action takes effect on {due}"
        else:
            side = "after" if last > signed else "before"
            against = f"{side} the day of signature, {signed}"
        yield rule.finding(
            severity=Severity.ADVISORY if _still_ahead(case, due, last) else severity,
            subject=f"{case.action.piid}:{uei}",
            values=(
                value_of_action("day of signature" if signed else "day of the action", str(signed or due)),
                *(
                    value_from(item, f"SAM.gov check in {item.fact.doc_type}", str(item.fact.checked))
                    for item in checks[uei]
                ),
            ),
            because=f"The last SAM.gov check of {uei} in the file is of {last}; {against}.",
        )


def late_look(rule: Rule, case: CaseFile, severity: Severity) -> Iterator[Finding]:
    """One finding where the run looked after signature, and the file has no SAM.gov check of the prime at all.

    What SAM.gov says by then is not what it said at signature: an exclusion that has ended is gone from the list. A
    check in the file shows what was known; whether it was in time is for `stale_file_checks`. Only awards, orders and
    options are checked "immediately prior" to signature; nothing asks for that before a modification.
    """
    signed = signed_on(case)
    if case.as_of is None or signed is None or case.action.is_modification:
        return
    uei, looked = case.action.prime.uei, eastern_day(case.as_of)
    papers = [
        *holding((item for item in filed(case) if item.fact.status == "final"), "SAMCHK"),
        *(item for item in filed(case) if item.fact.doc_type in SAM_CHECKS and item.fact.checked),
    ]
    of_prime = [item for item in papers if (item.fact.vendor_uei or uei).upper() == uei.upper()]
    if looked <= signed or of_prime or not case.answered(Source.DOCUMENTS):
        return
    yield rule.finding(
        severity=severity,
        subject=f"{case.action.piid}:{uei}",
        values=(
            value_of_action("day of signature", str(signed)),
            ComparedValue(source="rules", label="looked at", value=_moment(case.as_of)),
            no_value(Source.DOCUMENTS, "SAM.gov check"),
        ),
        because=f"The action was signed on {signed}, and SAM.gov was looked at on {looked}, after it: what it says now is"
        f" not what it said then. The file has no SAM.gov check of {uei} from before.",
    )


def _limit(source: Source, pulled: datetime, looked: datetime) -> str | None:
    """The limit that was passed, in words; None while the answer is fresh."""
    system = system_of(source)
    if looked - pulled > system.good_for:
        return f"{system.good_for // timedelta(hours=1)} hours"
    if system.same_day and eastern_day(pulled) < eastern_day(looked):
        return "the Eastern day it was given on"
    return None


def _still_ahead(case: CaseFile, due: date, last: date) -> bool:
    """The day of the action has not come, and the check in the file was not late for it."""
    return case.as_of is not None and case.day < due and last <= case.day


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z} (Eastern day {eastern_day(moment)})"
