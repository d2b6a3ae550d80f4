"""The outside systems: one record each, from which every other list of systems and tools is derived."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.credentials.grants import ApiKey, DatabaseUser, SignedToken
from app.credentials.tool_record import ToolRecord


class Source(StrEnum):
    """The systems by name, as rules and evidence refer to them."""

    SAM_GOV = "sam-gov"
    DEBARMENT = "debarment"
    CONTRACTS = "contracts"
    DOCUMENTS = "documents"
    LEDGER = "ledger"


@dataclass(frozen=True, kw_only=True, slots=True)
class System(ToolRecord):
    """One outside system, and the tool of the same name that queries it.

    `label` is its name on pages and in exports, `noun` the same within a sentence. `question` and `purpose` say what a
    run asks and why. Both may hold {action}, {option_terms}, {day}, {each_vendor} and {any_vendor}, which the plan of a
    run replaces by words for its action.
    """

    label: str
    noun: str
    question: str
    purpose: str
    #: The purpose for an action that adds no money, where it differs.
    purpose_without_money: str | None = None
    #: How old an answer may be when the rules look at it.
    good_for: timedelta = timedelta(hours=24)
    #: Checked "immediately prior to award": an answer does not outlast its Eastern day.
    same_day: bool = False
    #: Whether its calls count against the daily quota of the agency's SAM.gov key.
    counts_against_quota: bool = False

    @property
    def source(self) -> Source:
        """Its name, as rules and evidence refer to it."""
        return Source(self.name)


SYSTEMS: tuple[System, ...] = (
    System(
        name=Source.SAM_GOV.value,
        credential=SignedToken(role="sam-gov", scope="entity:read"),
        label="SAM.gov registrations",
        noun="SAM.gov registration",
        question="Is {each_vendor} registered on {day}, and under which name, address and size?",
        purpose="A vendor must be registered under the name and identifiers the action uses.",
        same_day=True,
        counts_against_quota=True,
    ),
    System(
        name=Source.DEBARMENT.value,
        credential=SignedToken(role="debarment", scope="exclusions:read"),
        label="SAM.gov exclusions",
        noun="SAM.gov exclusions",
        after=(Source.SAM_GOV.value, Source.DOCUMENTS.value),
        question="Is {any_vendor} excluded on {day}, by identifier, or by a name that the action, SAM.gov or the contract"
        " file gives: its own, an owner's, a predecessor's or a signatory's?",
        purpose="Excluded parties may not receive new work.",
        same_day=True,
        counts_against_quota=True,
    ),
    System(
        name=Source.CONTRACTS.value,
        credential=ApiKey(role="contracts", scope="contracts:read"),
        label="Contract management",
        noun="contract system",
        question="What was reported for {action}?",
        purpose="The contract must be open and have room for this action, and reports must agree.",
        good_for=timedelta(hours=72),
        counts_against_quota=True,
    ),
    System(
        name=Source.DOCUMENTS.value,
        credential=ApiKey(role="documents", scope="documents:read"),
        label="Contract documents",
        noun="contract file",
        question="What is filed for {action}{option_terms}?",
        purpose="The contract file must hold what this action requires, signed and in agreement.",
    ),
    System(
        name=Source.LEDGER.value,
        credential=DatabaseUser(role="ledger-reader", scope="finance:select"),
        label="Financial obligations",
        noun="ledger",
        question="What was committed and obligated for {action}?",
        purpose="Funds must be certified, available for this need and booked as the instrument says.",
        # A zero-dollar modification still needs the question: a line booked on it would be a finding.
        purpose_without_money="What is booked must agree with an action that adds no money.",
    ),
)

_BY_SOURCE = {system.source: system for system in SYSTEMS}
#: The vault's path that issues each tool's credential, and the tool.
ISSUING_PATHS = {system.credential.path: system.name for system in SYSTEMS}


def system_of(source: Source) -> System:
    """The record of this source."""
    return _BY_SOURCE[source]
