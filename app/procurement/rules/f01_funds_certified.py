"""F01: the funds an action needs are certified."""

from collections.abc import Iterator
from decimal import Decimal

from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.contract_facts import Commitment
from app.procurement.federal_time import fiscal_year_end
from app.procurement.finding import (
    Authority,
    ComparedValue,
    Finding,
    Severity,
    no_value,
    value_from,
    value_of_action,
)
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support.amount_sides import funds_side
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source

#: A shortage below this many dollars may come from rounding each line to cents.
ROUNDING = Decimal("1.00")


def not_certified_or_short(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """F01: the action obligates more than the funds certified for it.

    FAR 32.702, 32.703-2, 43.105(a), 17.207(c)(1); RFO 32.702, 32.703-2, 43.205(a), 17.204-1(b)(2); 31 U.S.C. 1341. An
    action that adds no money needs none. Clauses that make it subject to funds, or limit it to the funds allotted,
    and a shortage of cents make it advisory.
    """
    action = case.action
    if action.amount <= 0:
        return
    commitments = case.of(Commitment)
    usable = [item.fact for item in commitments if _counts(item.fact, action)]
    available = sum((fact.amount for fact in usable), Decimal(0))
    if action.amount <= available + sum((fact.overage for fact in usable), Decimal(0)):
        return
    funds = f"certified funds come to {money(available)}" if usable else "no funds are certified for it"
    excuse = _excuse(action, available)
    yield rule.finding(
        severity=Severity.ADVISORY if excuse else Severity.BLOCKING,
        subject=action.piid,
        values=(
            value_of_action("amount of the action", money(action.amount)),
            *(_shown(item, action) for item in commitments),
            *((no_value(Source.LEDGER, "commitment"),) if not commitments else ()),
        ),
        because=f"The action obligates {money(action.amount)}; {funds}.{excuse}",
    )


def _counts(commitment: Commitment, action: ProcurementAction) -> bool:
    return commitment.status == "certified" and not _ended(commitment, action)


def _ended(commitment: Commitment, action: ProcurementAction) -> bool:
    return commitment.expires is not None and commitment.expires < action.effective_date


def _shown(item: EvidenceOf[Commitment], action: ProcurementAction) -> ComparedValue:
    label = f"commitment, {item.fact.status}"
    if _ended(item.fact, action):
        label += f", until {item.fact.expires}"
    if item.fact.overage > 0:
        label += f", {money(item.fact.overage)} over allowed"
    return value_from(item, label, money(item.fact.amount))


def _excuse(action: ProcurementAction, available: Decimal) -> str:
    if "52.232-18" in action.clauses:
        return (
            " Clause 52.232-18 makes it subject to the availability of funds: nothing may be accepted before the"
            " vendor has written notice that they are there."
        )
    crosses = action.period_end is None or action.period_end > fiscal_year_end(action.effective_date)
    if "52.232-19" in action.clauses and crosses:
        return " Clause 52.232-19 makes the part after the fiscal year subject to the next year's funds."
    limits = sorted(action.clauses & {"52.232-20", "52.232-22"})
    if limits and action.is_modification:
        return f" Clause {limits[-1]} limits what the Government owes to the funds it has allotted."
    if "52.232-22" in limits and available > 0:
        return (
            " Clause 52.232-22 limits what the Government owes to the funds allotted; check that the allotment"
            f" does not exceed {money(available)}."
        )
    if action.amount - available < ROUNDING:
        return " A difference of less than a dollar may come from rounding to cents."
    return ""


F01 = Rule(
    id="F01",
    title="Funds not certified or short",
    side=funds_side,
    version=2,
    sources=(Source.LEDGER,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(
        codified="FAR 32.702, 32.703-2, 43.105(a), 17.207(c)(1); 31 U.S.C. 1341",
        rfo="RFO 32.702, 32.703-2, 43.205(a), 17.204-1(b)(2); 31 U.S.C. 1341",
    ),
    comparison="Amount of the action against certified commitments that have not ended on the day of the action.",
    traps=(
        "An action that adds no money, or takes some back, needs no funds.",
        "Clause 52.232-18, or 52.232-19 where the period goes beyond the fiscal year: advisory.",
        "Clause 52.232-20 or 52.232-22 on a modification: advisory.",
        "Clause 52.232-22 on an award or option that is funded in part: advisory.",
        "A purchase request may allow an overage; within it there is no finding.",
        "Under a continuing resolution funds are certified up to a day, and count on that day.",
        "Less than a dollar short may be rounding to cents: advisory.",
    ),
    recommended="Get the certification, or use a clause that makes the award subject to funds.",
    check=not_certified_or_short,
)
