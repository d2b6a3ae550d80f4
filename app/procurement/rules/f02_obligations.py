"""F02: ledger and contract system agree on the obligations of the contract."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from app.procurement.case_file import CaseFile
from app.procurement.contract_facts import ObligationLine
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, no_value, value_from
from app.procurement.instrument_numbers import modification_label
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support.amount_sides import obligations_side
from app.procurement.rules.support.contract_history import (
    BookedLine,
    Report,
    contract_lines,
    is_own,
    own_reports,
    reports,
)
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source

#: Totals closer than this many dollars and this part of the total agree.
TOLERANCE, TOLERANCE_SHARE = Decimal("1.00"), Decimal("0.0001")
#: How many days the ledger may take to post (it is closed once a month, so the whole month of that day counts), and
#: reports of the Department of Defense are withheld from view.
POSTING_DAYS, WITHHELD_DAYS = 7, 90
FUNDING_ONLY, _ZERO = "C", Decimal(0)


def totals_differ(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """F02: the ledger's net obligations differ from the contract system's total, or only one of them knows the PIID.

    FAR 4.604(b)(1); RFO 4.301(f)(2); DATA Act validations C11, C12 and C23, which likewise leave out allocation
    transfers and zero-dollar awards. Advisory; blocking when the ledger holds more than base and all options.
    """
    final_reports = [report for report in reports(case) if not report.fact.is_vehicle]
    lines = contract_lines(case)
    booked = sum((line.fact.net for line in lines), _ZERO)
    latest = final_reports[-1] if final_reports else None
    over = _over_ceiling(case, latest, lines, booked)
    differs = over or _disagreement(case, final_reports, lines, booked) or ""
    if not differs:
        return
    yield rule.finding(
        severity=Severity.BLOCKING if over else Severity.ADVISORY,
        subject=case.action.piid,
        values=tuple(_values(latest, lines, with_ceiling=bool(over))),
        because=differs,
    )


def _over_ceiling(case: CaseFile, latest: Report | None, lines: list[BookedLine], booked: Decimal) -> str:
    if latest is None or not latest.fact.total_all_options:
        return ""
    if _raises_value_unreported(case):
        booked = sum((line.fact.net for line in lines if not is_own(case, line.fact)), _ZERO)
    ceiling = max(latest.fact.total_all_options, case.action.total_value or _ZERO)
    if booked - ceiling < TOLERANCE:
        return ""
    return (
        f"The ledger holds {money(booked)} for {case.action.piid}; base and all options come to"
        f" {money(ceiling)} in the contract system."
    )


def _raises_value_unreported(case: CaseFile) -> bool:
    """New or changed work raises the value, by an amount that only its report or the action states."""
    action = case.action
    adds = action.is_modification and action.amount > 0 and action.reason != FUNDING_ONLY
    return adds and action.total_value is None and not own_reports(case)


def _disagreement(
    case: CaseFile, final_reports: list[Report], lines: list[BookedLine], booked: Decimal
) -> str | None:
    piid = case.action.piid
    totals = [
        report.fact.total_obligated for report in final_reports if report.fact.total_obligated is not None
    ]
    reported = totals[-1] if totals else sum((report.fact.obligated for report in final_reports), _ZERO)
    if _agree(booked, reported):
        return None
    comparable = bool(totals) or not (final_reports and lines)
    if (
        not comparable
        or any(_transferred(line.fact) for line in lines)
        or _under_way(case, final_reports, lines, booked, reported)
    ):
        return None
    if not lines:
        return f"The contract system reports {money(reported)} for {piid}; the ledger has no line for it."
    if not final_reports:
        return f"The ledger holds {money(booked)} for {piid}; the contract system has no report of it."
    apart = (
        f"The ledger holds {money(booked)} for {piid}; the contract system reports {money(reported)} in all"
    )
    if _agree(booked, -reported):
        return f"{apart}. The amounts are equal with opposite signs: one may write obligations with a minus."
    return f"{apart}, a difference of {money(abs(booked - reported))}."


def _under_way(
    case: CaseFile, final_reports: list[Report], lines: list[BookedLine], booked: Decimal, reported: Decimal
) -> bool:
    """Whether amounts still to be reported or booked explain the difference."""
    return _agree(
        booked - _not_yet_reported(case, final_reports, lines),
        reported - _not_yet_in_ledger(case, final_reports, lines),
    )


def _agree(one: Decimal, other: Decimal) -> bool:
    apart = abs(one - other)
    return apart == 0 or (apart < TOLERANCE and apart < TOLERANCE_SHARE * abs(other))


def _transferred(line: ObligationLine) -> bool:
    transfer = ((line.tas and line.tas.allocation_transfer) or "").strip()
    return bool(transfer and line.tas and transfer.zfill(3) != line.tas.agency.strip().zfill(3))


def _not_yet_in_ledger(case: CaseFile, final_reports: list[Report], lines: list[BookedLine]) -> Decimal:
    """Reported amounts that the ledger may not have posted yet."""
    since = (case.day - timedelta(days=POSTING_DAYS)).replace(day=1)
    posted = {modification_label(line.fact.modification) for line in lines}
    latest = {modification_label(report.fact.modification): report for report in final_reports}
    late = (
        report.fact.obligated
        for modification, report in latest.items()
        if modification not in posted and _recent(report.fact.signed, since, own=is_own(case, report.fact))
    )
    return sum(late, _ZERO)


def _not_yet_reported(case: CaseFile, final_reports: list[Report], lines: list[BookedLine]) -> Decimal:
    """Posted amounts whose reports may not be visible yet."""
    since = case.day - timedelta(days=WITHHELD_DAYS if case.action.defense else POSTING_DAYS)
    reported = {modification_label(report.fact.modification) for report in final_reports}
    unseen = (
        line.fact.net
        for line in lines
        if modification_label(line.fact.modification) not in reported
        and _recent(line.fact.posted, since, own=is_own(case, line.fact))
    )
    return sum(unseen, _ZERO)


def _recent(day: date | None, since: date, *, own: bool) -> bool:
    return own if day is None else day >= since


def _values(latest: Report | None, lines: list[BookedLine], *, with_ceiling: bool) -> Iterator[ComparedValue]:
    if latest is not None:
        total = latest.fact.total_obligated
        if total is None:
            yield value_from(latest, "obligation reported", money(latest.fact.obligated))
        else:
            yield value_from(latest, "obligated in all, as reported", money(total))
        if with_ceiling and latest.fact.total_all_options is not None:
            yield value_from(latest, "base and all options", money(latest.fact.total_all_options))
    else:
        yield no_value(Source.CONTRACTS, "report")
    if not lines:
        yield no_value(Source.LEDGER, "obligation line")
    for line in lines:
        yield value_from(
            line, f"net of line {line.fact.acrn or line.fact.document_number}", money(line.fact.net)
        )


F02 = Rule(
    id="F02",
    title="Cumulative obligations disagree, or a contract is in one system only",
    side=obligations_side,
    version=1,
    sources=(Source.CONTRACTS, Source.LEDGER),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(
        codified="FAR 4.604(b)(1), 32.702; DATA Act validations C11, C12, C23",
        rfo="RFO 4.301(f)(2), 32.702; DATA Act validations C11, C12, C23",
    ),
    comparison="Net of all ledger lines of the contract against the total obligation in the contract system, and"
    " against base and all options; blocking when it is above the latter.",
    traps=(
        "Signs: equal amounts with opposite signs are said to be so.",
        "Money of another agency (allocation transfer): totals are not compared.",
        "Posting lag and month-end: what was signed since the month of a week ago may not be posted yet.",
        "An action under triage may be in one system only.",
        "Zero-dollar actions need no ledger line.",
        "Less than a dollar and less than 0.01 % is agreement.",
        "Corrections: drafts and deleted reports do not count, and the latest report decides.",
        "New or changed work raises the value: until it is reported, its lines are not held against the old one.",
        "Reports of the Department of Defense are withheld for 90 days.",
        "Vehicles carry no obligations of their own.",
    ),
    recommended="Ask finance which figure is right; correct the contract action report or the posting.",
    check=totals_differ,
)
