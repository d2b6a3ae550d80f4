"""C05: an option is exercised as the contract offers it."""

from collections.abc import Iterator
from datetime import date, timedelta

from app.procurement.action import OptionExercise, ProcurementAction
from app.procurement.calendar import months_after
from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, Defect, Finding, Severity, value_of_action
from app.procurement.instrument_numbers import same_modification
from app.procurement.rule import Rule, Severities
from app.procurement.rules.c02_amount import agree
from app.procurement.rules.support.contract_history import coding_report
from app.procurement.rules.support.file_documents import final
from app.procurement.rules.support.option_notice import Terms, notices
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source

_EXTENSION = "52.217-8"
_EXTENSION_MONTHS = 6
_DAY = timedelta(days=1)
#: Economic price adjustment, and wages adjusted by law.
_ADJUSTED = frozenset({"52.216-2", "52.216-3", "52.216-4", "52.222-43", "52.222-44"})
_ADJUSTED_PRICING = "K"


def outside_terms(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C05: notice, price, quantity or period of an exercise is not what the contract's option says.

    FAR 17.207(a), (f), 17.204(b), (e), 52.217-8, 52.217-9; RFO 17.204-1(b), 17.201-2. No general limit of five years
    is applied: the RFO has none, only the contract's own. Without terms on file it says nothing.
    """
    exercise = case.action.option
    if not case.action.is_option or exercise is None:
        return
    if _extends(case.action, exercise):
        problems = list(_extension(case))
    else:
        terms = _terms(case, exercise.number)
        problems = [] if terms is None else [*notices(case, exercise, terms), *_deal(case, exercise, terms)]
    if problems:
        yield rule.finding(
            severity=Severity.BLOCKING if any(defect.certain for defect in problems) else Severity.ADVISORY,
            subject=case.action.piid,
            values=tuple(value for defect in problems for value in defect.values),
            because=f"Option {exercise.number} of {case.action.piid}:"
            f" {'; '.join(each.words for each in problems)}.",
        )


def _extends(action: ProcurementAction, exercise: OptionExercise) -> bool:
    """Whether the exercise rests on the clause for short extensions of services, which has its own terms."""
    if exercise.clause is not None:
        return exercise.clause == _EXTENSION
    return _EXTENSION in action.clauses and "52.217-9" not in action.clauses


def _extension(case: CaseFile) -> Iterator[Defect]:
    start, end = case.action.period_start, case.action.period_end
    if start is None or end is None:
        return
    limit = months_after(start, _EXTENSION_MONTHS) - _DAY
    if end > limit:
        yield Defect(
            f"under {_EXTENSION} services are extended by up to six months, to {limit}; the action runs to {end}",
            (
                value_of_action("period of the extension", f"{start} to {end}"),
                value_of_action("six months end", str(limit)),
            ),
        )


def _terms(case: CaseFile, number: int) -> Terms | None:
    """The newest terms of this option: a modification may have changed those of the award."""
    own = case.action.modification_number
    found = [
        Terms(item, option)
        for item in final(case)
        for option in item.fact.options
        if option.number == number and not same_modification(item.fact.modification, own)
    ]
    return max(
        found, key=lambda terms: (terms.item.fact.co_signed or date.min, terms.item.record_key), default=None
    )


def _deal(case: CaseFile, exercise: OptionExercise, terms: Terms) -> Iterator[Defect]:
    action, option = case.action, terms.option
    if exercise.price is not None and option.price is not None and not agree(exercise.price, option.price):
        adjusted = _adjusted(case)
        yield Defect(
            f"the price is {money(exercise.price)}, the option has {money(option.price)}"
            f"{' (the contract adjusts prices)' if adjusted else ''}",
            (value_of_action("price", money(exercise.price)), terms.value("price", money(option.price))),
            certain=not adjusted,
        )
    if None not in {exercise.quantity, option.quantity} and exercise.quantity != option.quantity:
        yield Defect(
            f"the quantity is {exercise.quantity}, the option has {option.quantity}",
            (
                value_of_action("quantity", str(exercise.quantity)),
                terms.value("quantity", str(option.quantity)),
            ),
        )
    if action.period_end and option.latest_end and action.period_end > option.latest_end:
        yield Defect(
            f"the period runs to {action.period_end}, the contract must end by {option.latest_end}",
            (
                value_of_action("period ends", str(action.period_end)),
                terms.value("latest end", str(option.latest_end)),
            ),
        )


def _adjusted(case: CaseFile) -> bool:
    report = coding_report(case)
    pricing = case.action.pricing or (report.fact.pricing if report else None)
    return pricing == _ADJUSTED_PRICING or bool(_ADJUSTED & case.action.clauses)


C05 = Rule(
    id="C05",
    title="Option outside its terms",
    side=lambda label: "price" if label == "price" else None,
    version=1,
    sources=(Source.DOCUMENTS,),
    helped_by=(Source.CONTRACTS,),
    severities=Severities(new_award=None, modification=None, option=Severity.BLOCKING),
    authority=Authority(
        codified="FAR 17.207(a), (f), 17.204(b), (e), 52.217-8, 52.217-9", rfo="RFO 17.204-1(b), 17.201-2"
    ),
    comparison="Notices, price, quantity and period of the exercise against the option's terms in the contract.",
    traps=(
        "No general limit of five years: only the contract's own.",
        "52.217-8 extends services by up to six months at the contract's rates, on top of the contract's own limit.",
        "Prices adjusted for the economy or for wages differ from the schedule: advisory.",
        "When the last day is no business day, the next one is advisory.",
        "60 days of preliminary notice, unless the contract states other days.",
        "A modification may have changed the terms: the newest count.",
        "Differences below one dollar.",
    ),
    recommended="Do not exercise it late; use a bilateral modification with a justification.",
    check=outside_terms,
)
