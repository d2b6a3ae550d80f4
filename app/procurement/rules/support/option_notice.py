"""Whether the contractor had timely notice that an option is exercised."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.procurement.action import OptionExercise
from app.procurement.calendar import on_or_after
from app.procurement.case_file import CaseFile
from app.procurement.contract_facts import OptionTerms
from app.procurement.finding import ComparedValue, Defect, value_from, value_of_action
from app.procurement.rules.support.contract_history import earlier_reports
from app.procurement.rules.support.file_documents import Filed, signed_on

_PRELIMINARY_DAYS = 60
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of this option, and the document they stand in."""

    item: Filed
    option: OptionTerms

    def value(self, label: str, value: str) -> ComparedValue:
        """One of the terms, to be set beside what is done."""
        return value_from(
            self.item, f"{label} of option {self.option.number} in {self.item.fact.doc_type}", value
        )


def notices(case: CaseFile, exercise: OptionExercise, terms: Terms) -> Iterator[Defect]:
    """What is early or late about the notice of exercise and the preliminary one."""
    notice, option = exercise.notice_date or signed_on(case), terms.option
    if notice is not None and option.exercise_from and notice < option.exercise_from:
        yield Defect(
            f"notice is of {notice}, the window opens on {option.exercise_from}",
            (value_of_action("notice", str(notice)), terms.value("window opens", str(option.exercise_from))),
        )
    if notice is not None and option.exercise_by and notice > option.exercise_by:
        yield Defect(
            f"notice is of {notice}, the window closes on {option.exercise_by}{_rest(notice, option.exercise_by)}",
            (value_of_action("notice", str(notice)), terms.value("window closes", str(option.exercise_by))),
            certain=not _rest(notice, option.exercise_by),
        )
    yield from _preliminary(case, exercise, terms)


def _rest(given: date, last: date) -> str:
    """Words for a last day that was no business day, when the next one was used."""
    used = given <= on_or_after(last) and given != last
    return f" ({last} is no business day, {on_or_after(last)} is the next)" if used else ""


def _preliminary(case: CaseFile, exercise: OptionExercise, terms: Terms) -> Iterator[Defect]:
    given, days = exercise.preliminary_notice_date, terms.option.preliminary_notice_days
    days = _PRELIMINARY_DAYS if days is None else days
    ends = _ends(case) or terms.option.exercise_by
    if given is None or ends is None or days == 0:
        return
    last = ends - timedelta(days=days)
    if given > last:
        yield Defect(
            f"preliminary notice is of {given}, {(ends - given).days} days before {ends}; the contract asks for"
            f" {days} days, by {last}{_rest(given, last)}",
            (
                value_of_action("preliminary notice", str(given)),
                terms.value("preliminary notice by", str(last)),
            ),
            certain=not _rest(given, last),
        )


def _ends(case: CaseFile) -> date | None:
    """When the contract ends without this option."""
    completions = [
        item.fact.current_completion for item in earlier_reports(case) if item.fact.current_completion
    ]
    if completions:
        return completions[-1]
    return case.action.period_start - _DAY if case.action.period_start else None
