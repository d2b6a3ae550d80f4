"""D04: a large award to a firm that is not small comes with a subcontracting plan."""

from collections.abc import Iterator
from decimal import Decimal

from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, Finding, Severity, value_from, value_of_action
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.c06_size_and_set_aside import size_of
from app.procurement.rules.support.contract_history import Report, coding_report, earlier_reports, reports
from app.procurement.rules.support.file_documents import on_file_here_or_above
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source
from app.procurement.thresholds import SUBCONTRACTING_PLAN, SUBCONTRACTING_PLAN_CONSTRUCTION, in_force

_NOT_REQUIRED = "B"
#: No possibilities (by determination), a commercial plan, a comprehensive plan of the Department of Defense.
_OTHERWISE = frozenset({"A", "G", "H"})


def plan_missing(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """D04: the value calls for a subcontracting plan, none is on file, or the report says that none is required.

    FAR 19.702, 19.705-2; RFO 19.109, 19.302-1. Above $900,000, for construction $2,000,000, since 1 October 2025. A
    modification counts with the value it leads to, and blocks when it crosses the line.

    With a plan on file the duty is met, so a report that says none is required (code B) is only to be corrected:
    advisory. Code B without a plan is both, and blocks.
    """
    action = case.action
    threshold = in_force(
        SUBCONTRACTING_PLAN_CONSTRUCTION if action.construction else SUBCONTRACTING_PLAN,
        action.threshold_date,
    )
    before, after = _values(case)
    if after <= threshold or action.performed_abroad or size_of(case) != "O":
        return
    report = _plan_report(case)
    code = report.fact.subcontract_plan if report else None
    plans = on_file_here_or_above(case, "SBSP")
    if code in _OTHERWISE or (plans and code != _NOT_REQUIRED):
        return
    crossed = action.is_new or (action.is_modification and before <= threshold)
    severity = Severity.BLOCKING if crossed and not plans and not action.is_order else Severity.ADVISORY
    coded = f"the report says that no plan is required (code {code})" if code == _NOT_REQUIRED else None
    on_file = "a plan is on file" if plans else "no plan is on file"
    yield rule.finding(
        severity=severity,
        subject=action.piid,
        values=(
            value_of_action("value with all options", money(after)),
            value_of_action("plan required above", money(threshold)),
            *([value_from(report, "subcontracting plan code", code)] if report and code else []),
            *(value_from(item, "plan on file", item.fact.doc_type) for item in plans),
        ),
        because=f"The value of {action.piid} is {money(after)}, above {money(threshold)}, and the contractor is other"
        f" than small; {' and '.join(each for each in (on_file, coded) if each)}.",
    )


def _values(case: CaseFile) -> tuple[Decimal, Decimal]:
    """The value of the contract with all options before and after this action."""
    action = case.action
    earlier = [item.fact for item in earlier_reports(case)]
    totals = [
        max(fact.total_all_options or Decimal(0), fact.total_obligated or Decimal(0))
        for fact in earlier
        if fact.total_all_options or fact.total_obligated
    ]
    before = totals[-1] if totals else Decimal(0)
    if action.total_value is not None:
        return before, action.total_value
    if action.is_new:
        return before, action.value
    # Options and mere funding are part of the value already.
    grows = action.is_modification and action.reason != "C" and action.amount > 0
    return before, before + action.amount if grows else before


def _plan_report(case: CaseFile) -> Report | None:
    """The newest report that says something about a plan."""
    coded = [item for item in reports(case) if item.fact.subcontract_plan]
    return coded[-1] if coded else coding_report(case)


D04 = Rule(
    id="D04",
    title="Subcontracting plan missing",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.CONTRACTS, Source.DOCUMENTS),
    helped_by=(Source.SAM_GOV,),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.BLOCKING, option=Severity.ADVISORY
    ),
    authority=Authority(codified="FAR 19.702, 19.705-2", rfo="RFO 19.109, 19.302-1"),
    comparison="Value with all options, size and plan code of the report, and the plan on file.",
    traps=(
        "Small businesses are exempt; an unknown size says nothing.",
        "No subcontracting possibilities, by determination (code A).",
        "A commercial or comprehensive plan covers the contract (codes G and H).",
        "Work performed abroad needs no plan.",
        "The threshold of the day of the solicitation counts; construction has its own.",
        "Options and funding are part of the value already.",
        "An order relies on the plan of its vehicle: advisory.",
        "A plan on file although the report says none is required: advisory.",
    ),
    recommended="Obtain the plan, or a determination that there are no possibilities.",
    check=plan_missing,
)
