"""Novations and changes of name or UEI: why a contract's documents may name another party."""

from dataclasses import dataclass
from datetime import date

from app.procurement.case_file import CaseFile, cached_per_case
from app.procurement.rules.support import contract_history, file_documents

_REASONS = {"J": "a novation", "V": "a change of the vendor's UEI or name"}
_ADMINISTRATIVE = "M"
NOVATION = "NOV"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of party. `day` is None for one the action itself makes, or one whose day is not known."""

    because: str
    day: date | None

    def settles(self, day: date | None) -> bool:
        """Whether a paper of this day is from before the change and may well name the earlier party."""
        return self.day is not None and day is not None and day <= self.day


@cached_per_case
def change_of_party(case: CaseFile) -> Change | None:
    """The change that explains a difference: by the action itself, by an agreement on file, or by an earlier report."""
    action = case.action
    if action.is_modification and action.reason in _REASONS:
        return Change(f"The action itself is {_REASONS[action.reason]}.", None)
    if action.is_modification and action.reason == _ADMINISTRATIVE and action.amount == 0:
        return Change("The action is an administrative modification, which can correct it.", None)
    for item in file_documents.on_file(case, NOVATION):
        day = item.fact.effective or item.fact.co_signed
        return Change(f"A novation or change-of-name agreement is on file ({item.fact.document_id}).", day)
    for report in reversed(contract_history.reports(case)):
        if report.fact.reason in _REASONS:
            because = (
                f"Modification {report.fact.modification} was reported as {_REASONS[report.fact.reason]}."
            )
            return Change(because, report.fact.signed)
    return None
