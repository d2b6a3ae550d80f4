"""Rules about funds."""

from collections.abc import Iterator
from decimal import Decimal

from app.domain.casefile import CaseFile, Source
from app.domain.discrepancy import Authority, Discrepancy, Rule, Severities, Severity, proposed, stated
from app.domain.facts import Commitment
from app.domain.rules.wording import money


def not_certified_or_short(rule: Rule, case: CaseFile) -> Iterator[Discrepancy]:
    """F01: the action obligates more than the funds certified for it.

    FAR 32.702, 43.105(a), 17.207(c)(1); RFO 32.702, 43.205(a), 17.204-1(b)(2); 31 U.S.C. 1341. An action that adds no
    money needs none.
    """
    action = case.action
    commitments = case.of(Commitment)
    certified = [item.fact.amount for item in commitments if item.fact.status == "certified"]
    available = sum(certified, Decimal(0))
    if action.amount <= 0 or action.amount <= available:
        return
    funds = f"certified funds come to {money(available)}" if certified else "no funds are certified for it"
    yield rule.found(
        severity=Severity.BLOCKING,
        subject=action.piid,
        values=(
            proposed("amount of the action", money(action.amount)),
            *(
                stated(item, f"commitment, {item.fact.status}", money(item.fact.amount))
                for item in commitments
            ),
        ),
        because=f"The action obligates {money(action.amount)}; {funds}.",
    )


F01 = Rule(
    id="F01",
    title="Funds not certified or short",
    version=1,
    sources=(Source.LEDGER,),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.BLOCKING, option=Severity.BLOCKING
    ),
    authority=Authority(
        codified="FAR 32.702, 43.105(a), 17.207(c)(1); 31 U.S.C. 1341",
        rfo="RFO 32.702, 43.205(a), 17.204-1(b)(2); 31 U.S.C. 1341",
    ),
    comparison="Amount of the action against certified commitments.",
    traps=("An action that adds no money needs none.",),
    recommended="Get the certification, or use a clause that makes the award subject to funds.",
    check=not_certified_or_short,
)
