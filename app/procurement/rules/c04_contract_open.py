"""C04: the contract is open for a modification or option, and the vehicle for an order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.instrument_numbers import modification_label
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import Report, earlier_reports, reports, vehicle_reports
from app.procurement.rules.support.file_documents import INSTRUMENTS, Filed, final, signed_on
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source

#: Terminated for default, for convenience, for cause; cancelled.
_ENDINGS = {
    "E": "terminated for default",
    "F": "terminated for convenience",
    "X": "terminated for cause",
    "N": "cancelled",
}
_CLOSEOUT, _ADMINISTRATIVE = "K", "M"
_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Case:
    """The reasons against the action, and doubts about them."""

    words: list[str] = field(default_factory=list)
    values: list[ComparedValue] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    certain: bool = False

    def add(self, words: str, value: ComparedValue, doubt: str | None = None) -> None:
        """Add a reason; the finding blocks if at least one of them is certain."""
        self.words.append(words)
        self.values.append(value)
        if doubt is None:
            self.certain = True
        else:
            self.doubts.append(doubt)


def not_open(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C04: the contract has ended, is closed or terminated, or its vehicle takes no more orders.

    FAR 17.207(a), 43.103, 16.505; RFO 17.204-1(b)(1), 43.203. Closing out and settling go on after the end, and so
    does work under orders placed in time.
    """
    action = case.action
    for subject, found in ((action.piid, _contract(case)), (f"{action.piid}:vehicle", _vehicle(case))):
        if found is not None and found.words:
            yield rule.finding(
                severity=Severity.BLOCKING if found.certain else Severity.ADVISORY,
                subject=subject,
                values=(
                    value_of_action("the action takes effect", action.effective_date.isoformat()),
                    *found.values,
                ),
                because=" ".join(
                    [
                        f"The action takes effect on {action.effective_date}; {listed(found.words, last='and')}.",
                        *found.doubts,
                    ]
                ),
            )


def _contract(case: CaseFile) -> _Case | None:
    action, earlier = case.action, earlier_reports(case)
    if action.is_new or not earlier or action.reason == _CLOSEOUT:
        return None
    found = _Case()
    settles = action.is_modification and action.reason in _ENDINGS
    money_back = "The action only takes money back." if action.is_modification and action.amount < 0 else None
    if earlier[-1].fact.closed:
        found.add("the contract is reported as closed", value_from(earlier[-1], "closed", "yes"), money_back)
    ending = next((item for item in reversed(earlier) if item.fact.reason in _ENDINGS), None)
    if ending is not None and not settles:
        how = f"{_ENDINGS[ending.fact.reason or '']} by modification {ending.fact.modification}"
        doubt = money_back or _went_on(ending, earlier)
        found.add(f"the contract was {how}", value_from(ending, "reason for modification", how), doubt)
    completion = _completion(earlier)
    if completion is not None and not settles:
        _lapsed(case, found, completion, money_back)
    return found


def _went_on(ending: Report, earlier: list[Report]) -> str | None:
    """Work reported after a termination: it may have been partial."""
    later = earlier[earlier.index(ending) + 1 :]
    if any(item.fact.reason not in {*_ENDINGS, _CLOSEOUT, _ADMINISTRATIVE} for item in later):
        return "Work was reported after it: the termination may be partial."
    return None


def _completion(earlier: list[Report]) -> Report | None:
    """The report with the latest word on when the contract ends; later modifications may move it either way."""
    return next((item for item in reversed(earlier) if item.fact.current_completion is not None), None)


def _lapsed(case: CaseFile, found: _Case, completion: Report, money_back: str | None) -> None:
    action = case.action
    end = completion.fact.current_completion
    if end is None or action.effective_date <= end:
        return
    signed = signed_on(case)
    if (signed is not None and signed <= end) or (action.is_option and action.effective_date == end + _DAY):
        return
    unreported = _unreported(case, completion)
    if any(item.fact.period_end and item.fact.period_end >= action.effective_date for item in unreported):
        return
    doubt = money_back
    if unreported:
        names = listed([f"{item.fact.doc_type} {item.fact.modification}" for item in unreported], last="and")
        doubt = f"{names} is signed and not yet reported: it may have moved the end."
    elif _supplies(case):
        doubt = "Supplies can be delivered after the date reported."
    found.add(
        f"the reported completion date is {end}",
        value_from(completion, "current completion", str(end)),
        doubt,
    )


def _unreported(case: CaseFile, completion: Report) -> list[Filed]:
    numbers = [case.action.modification_number, *(item.fact.modification for item in reports(case))]
    reported = set(map(modification_label, numbers))
    since = completion.fact.signed or date.min
    return [
        item
        for item in final(case)
        if item.fact.doc_type in INSTRUMENTS
        and modification_label(item.fact.modification) not in reported
        and item.fact.co_signed is not None
        and item.fact.co_signed >= since
    ]


def _supplies(case: CaseFile) -> bool:
    """Product codes begin with a digit, services with a letter."""
    codes = [case.action.psc, *(item.fact.psc for item in earlier_reports(case))]
    code = next((written for written in codes if written), "")
    return code[:1].isdigit()


def _vehicle(case: CaseFile) -> _Case | None:
    """Only new orders need an open vehicle: orders placed in time stay in force."""
    action, vehicle = case.action, vehicle_reports(case)
    if not (action.is_new and action.is_order and vehicle):
        return None
    found, ordered = _Case(), signed_on(case) or action.effective_date
    last = next((item for item in reversed(vehicle) if item.fact.last_date_to_order is not None), None)
    if last is not None and last.fact.last_date_to_order and ordered > last.fact.last_date_to_order:
        until = last.fact.last_date_to_order.isoformat()
        found.add(
            f"vehicle {action.referenced_idv} takes orders until {until}, and this one is of {ordered}",
            value_from(last, "last date to order", until),
        )
    if vehicle[-1].fact.closed:
        found.add(
            f"vehicle {action.referenced_idv} is reported as closed", value_from(vehicle[-1], "closed", "yes")
        )
    ending = next((item for item in reversed(vehicle) if item.fact.reason in _ENDINGS), None)
    if ending is not None:
        how = _ENDINGS[ending.fact.reason or ""]
        found.add(
            f"vehicle {action.referenced_idv} was {how}",
            value_from(ending, "reason for modification", how),
            _went_on(ending, vehicle),
        )
    return found


C04 = Rule(
    id="C04",
    title="Contract or vehicle not open",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.CONTRACTS,),
    helped_by=(Source.DOCUMENTS,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(codified="FAR 17.207(a), 43.103, 16.505", rfo="RFO 17.204-1(b)(1), 43.203"),
    comparison="Day of the action against completion date, closure, terminations and the vehicle's last date to order.",
    traps=(
        "Close-out and settlement go on after the end.",
        "Modifications of orders placed in time go on after their vehicle has ended.",
        "An extension that is signed and not yet reported.",
        "Supplies delivered after the period: advisory.",
        "Work reported after a termination shows that it may be partial: advisory.",
        "An order or extension signed in time counts, though it takes effect or is reported later.",
        "An option may begin on the day after the current period ends.",
        "A modification that only takes money back is advisory.",
    ),
    recommended="Confirm the end date in the contract file; ask counsel if the contract has lapsed.",
    check=not_open,
)
