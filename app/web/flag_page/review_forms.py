"""Forms about a flag: what was typed is checked field by field, and kept whatever is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import request

from app.procurement.free_text import tidied
from app.review.decisions import HIGHEST_VERSION, Decision, reason_fault, reference_fault

#: Reasons by form; each has a name of its own, as several of these forms stand on one page.
REASONS = {"decision": "rationale", "concurrence": "second-reason", "undo": "undo-reason"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """A form as it was sent: `values` as typed, and what is wrong by field, "" for the whole form.

    `version` is how many events the flag had when the form was made; None when the form did not say.
    """

    form: str
    version: int | None
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)

    def with_error(self, text: str, name: str = "") -> "Typed":
        """The same with one more thing that is wrong."""
        return replace(self, errors={**self.errors, name: text})

    def of(self, name: str) -> str:
        """What was typed into a field, "" where nothing was."""
        return self.values.get(name, "")

    @property
    def reason(self) -> str:
        """The reason that was typed into this form."""
        return self.of(REASONS.get(self.form, ""))


def typed(form: str, *names: str) -> Typed:
    """What came with this request in the form called `form`, whose fields are `names`; its reason is checked."""
    values = {name: tidied(request.form.get(name, "")) for name in names}
    version = version_of(request.form.get("version", ""))
    found = Typed(form=form, version=version, values=values)
    if version is None:
        found = found.with_error(
            "The form does not say which state of this item it was made for. Load the page again."
        )
    name = REASONS.get(form)
    fault = reason_fault(found.reason) if name else None
    return found.with_error(fault, name) if name and fault else found


def version_of(text: str) -> int | None:
    """The version of a flag that a form sends along; None for what cannot be one."""
    # By length first: Python refuses to read a number of thousands of digits.
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(HIGHEST_VERSION)):
        return None
    return version if (version := int(text)) <= HIGHEST_VERSION else None


def decision_form() -> tuple[Typed, Decision | None]:
    """The form by which an officer decides, and the decision if a known one was chosen."""
    found = typed("decision", "decision", "rationale", "reference")
    chosen = found.of("decision")
    decision = Decision(chosen) if chosen in {each.value for each in Decision} else None
    if decision is None:
        # First, as in the form.
        found = replace(found, errors={"decision": "Choose a decision.", **found.errors})
    if fault := reference_fault(decision, found.of("reference")):
        found = found.with_error(fault, "reference")
    return found, decision
