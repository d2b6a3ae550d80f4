"""Rules that compare what was signed, reported and booked."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.domain.casefile import CaseFile, Source
from app.domain.discrepancy import (
    Authority,
    ComparedValue,
    Discrepancy,
    Rule,
    Severities,
    Severity,
    proposed,
    stated,
)
from app.domain.facts import ObligationLine, ReportedAction
from app.domain.rules.document import instruments
from app.domain.rules.wording import money

#: Amounts closer than this many dollars agree.
TOLERANCE = Decimal("1.00")


@dataclass(frozen=True, slots=True)
class _Side:
    """One amount for the action, and the values it is made of."""

    who: str
    amount: Decimal
    values: tuple[ComparedValue, ...]


def amounts_differ(rule: Rule, case: CaseFile) -> Iterator[Discrepancy]:
    """C02: award instrument, contract system and ledger name amounts that differ by a dollar or more.

    FAR 4.604(b)(1), 43.205; DFARS PGI 204.301. Advisory, but blocking when an instrument disagrees with its own
    funding lines. A report or funding lines that are missing are no difference.
    """
    action = case.action
    signed, reported, booked = _instruments(case), _reports(case), _ledger(case)
    sides = [*signed, *reported, *booked]
    if all(_agree(one.amount, other.amount) for one in sides for other in sides):
        return
    funded = all(_agree(side.amount, ledger.amount) for side in signed for ledger in booked)
    values = [value for side in sides for value in side.values]
    if not any(_agree(action.amount, side.amount) for side in sides):
        values.insert(0, proposed("amount of the action", money(action.amount)))
    said = ", ".join(f"{side.who} says {money(side.amount)}" for side in sides)
    yield rule.found(
        severity=Severity.ADVISORY if funded else Severity.BLOCKING,
        subject=action.piid,
        values=tuple(values),
        because=f"The amounts for {action.piid} modification {action.modification_number} differ: {said}.",
    )


def _agree(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) < TOLERANCE


def _instruments(case: CaseFile) -> list[_Side]:
    return [
        _Side(
            "the award instrument",
            item.fact.amount,
            (stated(item, f"amount in {item.fact.doc_type}", money(item.fact.amount)),),
        )
        for item in instruments(case)
        if item.fact.amount is not None
    ]


def _reports(case: CaseFile) -> list[_Side]:
    return [
        _Side(
            "the contract system",
            item.fact.obligated,
            (stated(item, "obligation reported", money(item.fact.obligated)),),
        )
        for item in case.of(ReportedAction)
        if _is_about(case, item.fact)
    ]


def _ledger(case: CaseFile) -> list[_Side]:
    lines = [item for item in case.of(ObligationLine) if _is_about(case, item.fact)]
    nets = [item.fact.obligated - item.fact.deobligated for item in lines]
    if not lines:
        return []
    values = (stated(item, "obligation line, net", money(net)) for item, net in zip(lines, nets, strict=True))
    return [_Side("the ledger", sum(nets, Decimal(0)), tuple(values))]


def _is_about(case: CaseFile, fact: ReportedAction | ObligationLine) -> bool:
    return (fact.piid, fact.modification) == (case.action.piid, case.action.modification_number)


C02 = Rule(
    id="C02",
    title="Action amount differs",
    version=1,
    sources=(Source.CONTRACTS, Source.DOCUMENTS, Source.LEDGER),
    severities=Severities(
        new_award=Severity.ADVISORY, modification=Severity.ADVISORY, option=Severity.ADVISORY
    ),
    authority=Authority(codified="FAR 4.604(b)(1), 43.205; DFARS PGI 204.301", rfo="RFO 4.301, 43.205"),
    comparison="Amount of the instrument, the contract action report and the ledger.",
    traps=(
        "Differences below one dollar.",
        "A missing report is no difference.",
    ),
    recommended="Correct the instrument before signature, or correct the contract action report.",
    check=amounts_differ,
)
