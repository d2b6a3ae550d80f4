"""Review forms: each field is validated, and the input is kept even if it is invalid."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from flask import request

from app.procurement.free_text import tidied
from app.review.flag_history import HIGHEST_VERSION, Decision, comment_fault, reason_fault, reference_fault
from app.review.referrals import ReferralPolicy, referral_faults

#: The reason field of each form; the names differ because several forms are on one page.
REASONS = {
    "decision": "rationale",
    "concurrence": "second-reason",
    "undo": "undo-reason",
    "comment": "comment",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """A form as sent: `values` as typed, and errors by field, with "" for the whole form.

    `version` is the number of events the flag had when the form was loaded; None if missing or invalid.
    """

    form: str
    version: int | None
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)

    def with_error(self, text: str, name: str = "") -> "Typed":
        """A copy with one more error."""
        return replace(self, errors={**self.errors, name: text})

    def of(self, name: str) -> str:
        """The text of a field, "" if there is none."""
        return self.values.get(name, "")

    @property
    def reason(self) -> str:
        """The reason typed into this form."""
        return self.of(REASONS.get(self.form, ""))


def typed(form: str, *names: str) -> Typed:
    """Read the form `form` with the fields `names` from the request, and validate its reason."""
    values = {name: tidied(request.form.get(name, "")) for name in names}
    version = version_of(request.form.get("version", ""))
    found = Typed(form=form, version=version, values=values)
    if version is None:
        found = found.with_error(
            "The form does not say which state of this flag it is for. Load the page again."
        )
    name = REASONS.get(form)
    judge = comment_fault if form == "comment" else reason_fault
    fault = judge(found.reason) if name else None
    return found.with_error(fault, name) if name and fault else found


def version_of(text: str) -> int | None:
    """The version of a flag in a form; None if it cannot be one."""
    # By length first: Python refuses to read a number of thousands of digits.
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(HIGHEST_VERSION)):
        return None
    return version if (version := int(text)) <= HIGHEST_VERSION else None


def decision_form(referrals: ReferralPolicy, today: date) -> tuple[Typed, Decision | None]:
    """The decision form as sent on `today`, and the decision if a valid one was chosen."""
    found = typed("decision", "decision", "rationale", "reference", "office", "due_on")
    chosen = found.of("decision")
    decision = Decision(chosen) if chosen in {each.value for each in Decision} else None
    if decision is None:
        # Listed first, as in the form.
        found = replace(found, errors={"decision": "Choose a decision.", **found.errors})
    if fault := reference_fault(decision, found.of("reference")):
        found = found.with_error(fault, "reference")
    if decision is Decision.REFERRED:
        for name, fault in referral_faults(referrals, found.of("office"), found.of("due_on"), today):
            found = found.with_error(fault, name)
    return found, decision
