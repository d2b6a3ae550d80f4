"""C02: the amount of the action is the same in every system."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.facts import Fact
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support.amount_sides import amount_side
from app.procurement.rules.support.contract_history import own_lines, own_reports
from app.procurement.rules.support.file_documents import Filed, instruments
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source

#: Amounts closer than this many dollars agree.
TOLERANCE = Decimal("1.00")
_ZERO = Decimal(0)


#: What an amount is made of: where it stands, under which name, how much.
Summand = tuple[EvidenceOf[Fact], str, Decimal]


@dataclass(slots=True)
class _Side:
    """One amount for the action, and what it is made of; `gross` leaves de-obligations out."""

    who: str
    amount: Decimal
    parts: list[Summand]
    gross: Decimal | None = None

    @property
    def values(self) -> Iterator[ComparedValue]:
        """Formatted only when sides differ, which is rare."""
        return (value_from(item, label, money(amount)) for item, label, amount in self.parts)


def agree(one: Decimal, other: Decimal) -> bool:
    """Whether two amounts differ by less than a dollar."""
    return abs(one - other) < TOLERANCE


def amounts_differ(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C02: award instrument, contract system and ledger name amounts that differ by a dollar or more.

    FAR 4.604(b)(1), 43.205; DFARS PGI 204.301; RFO 4.301, 43.205. Advisory, but blocking when an instrument disagrees
    with its own funding lines. A report or funding lines that are missing are no difference, and neither is an
    instrument in another currency.
    """
    action = case.action
    written = [
        item
        for item in instruments(case)
        if item.fact.amount is not None and item.fact.currency.upper() == "USD"
    ]
    signed, booked = [_instrument(item) for item in written], _ledger(case)
    printed = [side for item in written for side in _own_lines(item)]
    sides = [*signed, *printed, *_reports(case), *booked]
    amounts = [side.amount for side in sides]
    if not amounts or agree(max(amounts), min(amounts)):
        return
    unfunded = any(not _explained(side, lines) for side in signed for lines in booked) or any(
        not agree(_amount(item), side.amount) for item in written for side in _own_lines(item)
    )
    values = [value for side in sides for value in side.values]
    if not any(agree(action.amount, side.amount) for side in sides):
        values.insert(0, value_of_action("amount of the action", money(action.amount)))
    said = ", ".join(f"{side.who} says {money(side.amount)}" for side in sides)
    yield rule.finding(
        severity=Severity.BLOCKING if unfunded else Severity.ADVISORY,
        subject=action.piid,
        values=tuple(values),
        because=f"The amounts for {action.piid} modification {action.modification_number} differ: {said}."
        f"{_remark(signed, booked, sides)}",
    )


def _explained(signed: _Side, lines: _Side) -> bool:
    """Equal, or different only by the sign of a de-obligation or by counting it gross."""
    return (
        agree(signed.amount, lines.amount)
        or agree(signed.amount, -lines.amount)
        or (lines.gross is not None and agree(signed.amount, lines.gross))
    )


def _remark(signed: list[_Side], booked: list[_Side], sides: list[_Side]) -> str:
    if all(agree(abs(one.amount), abs(other.amount)) for one in sides for other in sides):
        return " They agree but for the sign: a de-obligation carries a minus sign."
    if any(
        lines.gross is not None and agree(side.amount, lines.gross) for side in signed for lines in booked
    ):
        return " The instrument agrees with the ledger before de-obligations are taken off."
    return ""


def _amount(item: Filed) -> Decimal:
    return item.fact.amount or _ZERO


def _instrument(item: Filed) -> _Side:
    amount = _amount(item)
    return _Side("the award instrument", amount, [(item, f"amount in {item.fact.doc_type}", amount)])


def _own_lines(item: Filed) -> Iterator[_Side]:
    """The funding lines printed on an instrument, where each has an amount."""
    parts: list[Summand] = [
        (item, f"line {line.acrn or 'of accounting'} in {item.fact.doc_type}", line.amount)
        for line in item.fact.accounting
        if line.amount is not None
    ]
    if parts and len(parts) == len(item.fact.accounting):
        yield _Side("its accounting data", _sum(parts), parts)


def _reports(case: CaseFile) -> list[_Side]:
    """The reports of this action; several transactions of one modification add up."""
    found = own_reports(case)
    by_transaction = {item.fact.transaction: item for item in found}
    if len(by_transaction) == len(found) > 1:
        parts: list[Summand] = [
            (item, f"obligation reported, transaction {number}", item.fact.obligated)
            for number, item in sorted(by_transaction.items())
        ]
        return [_Side("the contract system", _sum(parts), parts)]
    return [
        _Side(
            "the contract system", item.fact.obligated, [(item, "obligation reported", item.fact.obligated)]
        )
        for item in found
    ]


def _ledger(case: CaseFile) -> list[_Side]:
    lines = own_lines(case)
    if not lines:
        return []
    parts: list[Summand] = [(item, "obligation line, net", item.fact.net) for item in lines]
    gross = sum((item.fact.obligated for item in lines), _ZERO)
    return [_Side("the ledger", _sum(parts), parts, gross=gross)]


def _sum(parts: list[Summand]) -> Decimal:
    return sum((amount for _, _, amount in parts), _ZERO)


C02 = Rule(
    id="C02",
    title="Action amount differs",
    side=amount_side,
    version=2,
    sources=(Source.CONTRACTS, Source.DOCUMENTS, Source.LEDGER),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 4.604(b)(1), 43.205; DFARS PGI 204.301", rfo="RFO 4.301, 43.205"),
    comparison="Amount of the instrument and its accounting data, the contract action report and the ledger.",
    traps=(
        "Differences below one dollar.",
        "A missing report is no difference.",
        "A de-obligation written without its minus sign is a lesser difference.",
        "An instrument that states the gross amount agrees with the ledger before de-obligations.",
        "Several funding lines, or several transactions of one report, add up.",
        "An administrative modification without money has no funding lines.",
        "Amounts in a foreign currency are not compared.",
    ),
    recommended="Correct the instrument before signature, or correct the contract action report.",
    check=amounts_differ,
)
