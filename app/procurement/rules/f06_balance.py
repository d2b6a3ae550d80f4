"""F06: more spent than obligated, or money left long after the work ended."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from app.procurement.calendar import months_after
from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.appropriations import uniform
from app.procurement.rules.support.contract_history import BookedLine, contract_lines, reports
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source

IDLE_DAYS = 180
#: Cost-reimbursement contracts wait for final indirect cost rates; so long may it take to close them.
SETTLEMENT_MONTHS = 36
COST_REIMBURSEMENT = frozenset({"R", "S", "T", "U", "V"})


def negative_or_idle(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """F06: more is spent than obligated, or a balance is left though performance ended half a year ago.

    31 U.S.C. 1341; FAR 4.804-5(a)(15); RFO 4.308-1(a)(15). The first is blocking for an appropriation as a whole, and
    advisory where another line or a refund may explain it; the second is advisory.
    """
    lines = contract_lines(case)
    if any(line.fact.expended > line.fact.net for line in lines):
        funds: defaultdict[str, list[BookedLine]] = defaultdict(list)
        for line in lines:
            funds[_fund(line)].append(line)
        for fund in sorted(funds):
            yield from _negative(rule, case, fund, funds[fund])
    yield from _idle(rule, case, lines)


def _fund(line: BookedLine) -> str:
    return str(uniform(line.fact.tas)) if line.fact.tas else ""


def _negative(rule: Rule, case: CaseFile, fund: str, lines: list[BookedLine]) -> Iterator[Finding]:
    obligated = sum((line.fact.obligated for line in lines), Decimal(0))
    net = sum((line.fact.net for line in lines), Decimal(0))
    expended = sum((line.fact.expended for line in lines), Decimal(0))
    # A line that only takes back, by refund or de-obligation, spends nothing and is not above its obligation.
    if expended <= net and not any(line.fact.expended > max(line.fact.net, Decimal(0)) for line in lines):
        return
    name = f"appropriation {fund}" if fund else "its lines without a symbol"
    spent = f"{money(expended)} is spent and {money(net)} obligated for {case.action.piid} in {name}"
    if expended > obligated:
        blocking, note = True, ""
    elif expended > net:
        blocking, note = False, f", after {money(obligated - net)} was taken back: a refund may be on its way"
    else:
        blocking, note = (
            False,
            "; one line is above its own obligation, which a payment posted to it early may explain",
        )
    yield rule.finding(
        severity=Severity.BLOCKING if blocking else Severity.ADVISORY,
        subject=f"{case.action.piid}:{fund or 'no symbol'}",
        values=tuple(_values(lines)),
        because=f"{spent}{note}.",
    )


def _idle(rule: Rule, case: CaseFile, lines: list[BookedLine]) -> Iterator[Finding]:
    action = case.action
    completed = [report for report in reports(case) if report.fact.current_completion]
    ended = completed[-1].fact.current_completion if completed else None
    if ended is None or case.day - ended <= timedelta(days=IDLE_DAYS):
        return
    left = sum((line.fact.net - line.fact.expended for line in lines), Decimal(0))
    if left <= 0 or left + action.amount <= 0:
        return
    pricing = action.pricing or next((r.fact.pricing for r in reversed(completed) if r.fact.pricing), None)
    goes_on = action.period_end is not None and action.period_end >= case.day
    waits_for_rates = pricing in COST_REIMBURSEMENT and case.day <= months_after(ended, SETTLEMENT_MONTHS)
    if goes_on or waits_for_rates:
        return
    yield rule.finding(
        severity=Severity.ADVISORY,
        subject=f"{action.piid}:idle",
        values=(
            value_from(completed[-1], "performance ended", ended.isoformat()),
            *_values(lines),
        ),
        because=f"{money(left)} is obligated and not spent for {action.piid}; performance ended on {ended}, more than"
        f" {IDLE_DAYS} days before {case.day}. A final invoice may be pending.",
    )


def _values(lines: list[BookedLine]) -> Iterator[ComparedValue]:
    for line in lines:
        fact, name = line.fact, f"ledger line {line.fact.acrn or line.fact.document_number}"
        taken_back = f", {money(fact.deobligated)} taken back" if fact.deobligated else ""
        yield value_from(line, f"{name}, obligated", f"{money(fact.obligated)}{taken_back}")
        yield value_from(line, f"{name}, spent", money(fact.expended))


F06 = Rule(
    id="F06",
    title="Negative or idle balance",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.LEDGER,),
    helped_by=(Source.CONTRACTS,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(
        codified="31 U.S.C. 1341; FAR 4.804-5(a)(15)", rfo="31 U.S.C. 1341; RFO 4.308-1(a)(15)"
    ),
    comparison="Spent against obligated, by appropriation; what is left against the end of performance, where more"
    f" than {IDLE_DAYS} days ago is advisory.",
    traps=(
        "Refunds: spending above what is left after a de-obligation is advisory.",
        "A de-obligation booked as a line of its own spends nothing.",
        "Timing: one line above its obligation while its appropriation as a whole is not is advisory.",
        "A final invoice may be pending, and the text says so.",
        "Cost-reimbursement contracts wait for indirect rates: no finding on the balance for 36 months.",
        "An action that takes the balance back, or extends performance, leaves nothing idle.",
    ),
    recommended="Ask finance for a review; de-obligate what is not needed.",
    check=negative_or_idle,
)
