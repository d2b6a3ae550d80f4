"""C03: obligations stay within the value of the contract, and its values are consistent."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.instrument_numbers import modification_label
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import Report, earlier_reports, own_reports
from app.procurement.rules.support.file_documents import INSTRUMENTS, final
from app.procurement.rules.support.value_text import listed, money
from app.procurement.systems import Source

_TOLERANCE, _ZERO = Decimal("1.00"), Decimal(0)
_FUNDING_ONLY = "C"
#: Limitation of cost or funds; the last is the Defense clause for fixed prices.
_INCREMENTAL = frozenset({"52.232-20", "52.232-22", "252.232-7007"})
#: Fixed price and cost plus award fee.
_AWARD_FEE = frozenset({"M", "R"})


@dataclass(slots=True)
class _Position:
    """Where the contract stands with this action; a value of None is not known, or not stated by zero.

    `report` is where the totals are from; `reported` says that they are those of the action itself.
    """

    obligated: Decimal | None
    exercised: Decimal | None
    all_options: Decimal | None
    report: Report | None
    reported: bool = False


def exceeded(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C03: the obligations pass the value exercised, or the value exercised passes that with all options.

    FAR 32.704, 17.204(a); RFO 32.704, 17.201-2(a). Vehicles carry zero or estimated values and are left out. A
    modification that adds or changes work raises the value too: only its own report, or the value the action states,
    tells by how much.
    """
    position = _position(case)
    if position is None:
        return
    over_exercised = _over(position.obligated, position.exercised)
    over_all = _over(position.obligated, position.all_options)
    inverted = _over(position.exercised, position.all_options)
    if not (over_exercised or over_all or inverted):
        return
    words = []
    if over_all:
        words.append(f"obligations are above the value with all options, {_written(position.all_options)}")
    elif over_exercised:
        words.append(
            f"obligations are above the value of base and exercised options, {_written(position.exercised)}"
        )
    if inverted:
        words.append(
            f"base and exercised options, {_written(position.exercised)}, are above the value with all options,"
            f" {_written(position.all_options)}"
        )
    doubts = list(_doubts(case, over_all=over_all, inverted=inverted))
    with_it = f" ({_written(position.obligated)} with this action)" if position.obligated is not None else ""
    yield rule.finding(
        severity=Severity.ADVISORY if doubts else Severity.BLOCKING,
        subject=case.action.piid,
        values=tuple(_values(case, position)),
        because=" ".join([f"On {case.action.piid}{with_it} {listed(words, last='and')}.", *doubts]),
    )


def _over(amount: Decimal | None, limit: Decimal | None) -> bool:
    return amount is not None and limit is not None and amount - limit >= _TOLERANCE


def _written(amount: Decimal | None) -> str:
    return money(amount or _ZERO)


def _known(amount: Decimal | None) -> Decimal | None:
    """Zero in a total stands for "not stated"."""
    return amount or None


def _position(case: CaseFile) -> _Position | None:
    own, earlier = own_reports(case), earlier_reports(case)
    own = [item for item in own if item.fact.total_exercised or item.fact.total_all_options]
    latest = own[-1] if own else next((item for item in reversed(earlier) if _tells(item)), None)
    if latest is not None and latest.fact.is_vehicle:
        return None
    if own and latest is not None:
        return _reported(latest)
    return _computed(case, latest)


def _tells(item: Report) -> bool:
    fact = item.fact
    return bool(fact.total_obligated or fact.total_exercised or fact.total_all_options)


def _reported(item: Report) -> _Position:
    fact = item.fact
    exercised, everything = _known(fact.total_exercised), _known(fact.total_all_options)
    return _Position(fact.total_obligated, exercised, everything, item, reported=True)


def _values(case: CaseFile, position: _Position) -> Iterator[ComparedValue]:
    action = case.action
    if not position.reported:
        yield value_of_action("amount of the action", money(action.amount))
        if action.total_value is not None:
            yield value_of_action("value with all options after the action", money(action.total_value))
    if position.report is not None:
        yield from _stated(position.report)


def _stated(item: Report) -> Iterator[ComparedValue]:
    fact = item.fact
    totals = (
        ("total obligated", fact.total_obligated),
        ("base and exercised options", fact.total_exercised),
        ("base and all options", fact.total_all_options),
    )
    for label, amount in totals:
        if amount is not None:
            yield value_from(item, f"{label}, after modification {fact.modification}", money(amount))


def _computed(case: CaseFile, latest: Report | None) -> _Position | None:
    """The latest totals and this action on top; the action's own stated value where it has one."""
    action = case.action
    if latest is None:
        return _Position(action.amount, None, _known(action.total_value), None) if action.is_new else None
    fact = latest.fact
    before = fact.total_obligated
    obligated = None if before is None else before + action.amount
    exercised, everything = _known(fact.total_exercised), _known(fact.total_all_options)
    if action.is_option:
        price = action.option.price if action.option and action.option.price is not None else action.amount
        exercised = None if exercised is None else exercised + price
    elif action.reason != _FUNDING_ONLY and action.amount > 0:
        # New or changed work: by how much it raises the values exercised is not known before it is reported.
        exercised = everything = None
    return _Position(obligated, exercised, _known(action.total_value) or everything, latest)


def _doubts(case: CaseFile, *, over_all: bool, inverted: bool) -> Iterator[str]:
    """What makes the excess less certain, in a sentence each."""
    action = case.action
    latest = own_reports(case) or earlier_reports(case)
    newest = latest[-1].fact if latest else None
    clauses = sorted(_INCREMENTAL & action.clauses)
    if clauses and not over_all and not inverted:
        clause = listed(clauses, last="and")
        yield f"The contract is funded in increments ({clause}), and the value may state only what is funded."
    pricing = action.pricing or (newest.pricing if newest else None)
    if pricing in _AWARD_FEE and not inverted:
        yield "Award fee may come on top of the value reported."
    if newest is not None and newest.signed is not None and not own_reports(case):
        numbers = [action.modification_number, *(item.fact.modification for item in earlier_reports(case))]
        reported = set(map(modification_label, numbers))
        later = sorted(
            {
                number
                for item in final(case)
                if item.fact.doc_type in INSTRUMENTS
                and item.fact.co_signed is not None
                and item.fact.co_signed >= newest.signed
                and (number := modification_label(item.fact.modification)) not in reported
            }
        )
        if later:
            yield f"The totals are older than {listed(later, last='and')}, signed and not yet reported."


C03 = Rule(
    id="C03",
    title="Ceiling exceeded or values inverted",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.CONTRACTS,),
    helped_by=(Source.DOCUMENTS,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(codified="FAR 32.704, 17.204(a), subpart 16.5", rfo="RFO 32.704, 17.201-2(a)"),
    comparison="Total obligations with this action, value of base and exercised options, value with all options.",
    traps=(
        "Vehicles carry zero or estimated values and are not checked.",
        "A total of zero is not stated.",
        "On an incrementally funded contract the exercised value may state only what is funded: advisory.",
        "Award fee comes on top of the value: advisory.",
        "Totals are stale while a signed modification is not reported: advisory.",
        "New or changed work raises the value; by how much is known only from its report or the action.",
        "Differences below one dollar.",
    ),
    recommended="Check sections B and G of the contract; check scope and whether a justification is needed.",
    check=exceeded,
)
