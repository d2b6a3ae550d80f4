"""A scenario: one action, what each system says about it, and what a correct triage finds."""

from typing import Literal, Self

from pydantic import Field, model_validator

from known_answers.scenarios.contract_rows import AwardRow, DocumentRow
from known_answers.scenarios.formats import (
    Cage,
    Code,
    Day,
    Money,
    Piid,
    Quantity,
    Shape,
    Supplement,
    Uei,
    ZuluTime,
    plain_number,
)
from known_answers.scenarios.ledger_rows import Ledger
from known_answers.scenarios.sam_rows import EntityRow, ExclusionRow

ServiceName = Literal["sam-gov", "debarment", "contracts", "documents"]
SystemName = Literal["sam-gov", "debarment", "contracts", "documents", "ledger"]
FaultMode = Literal["500", "garbage", "oversize", "hang", "redirect", "401", "429", "empty", "kept"]
RuleId = Literal[
    "R01", "R02", "R03", "R04", "R05",
    "E01", "E02", "E03", "E04", "E05", "E06", "E07",
    "C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08",
    "D01", "D02", "D03", "D04",
    "F01", "F02", "F03", "F04", "F05", "F06",
    "S01",
]  # fmt: skip


class Vendor(Shape):
    """A firm named in the action."""

    uei: Uei
    name: str = Field(min_length=1, max_length=300)
    role: Literal["prime", "subcontractor", "owner"]
    cage: Cage | None = None


class OptionExercise(Shape):
    """Which option, at what price, and when the vendor was notified."""

    number: int = Field(ge=1)
    price: Money | None = None
    notice_date: Day | None = None
    preliminary_notice_date: Day | None = None
    quantity: Quantity | None = None
    clause: str | None = None


class Action(Shape):
    """The action as it is submitted for triage; all fields after `vendors` are optional."""

    action_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    action_type: Literal["new_award", "modification", "option"]
    piid: Piid
    modification: Supplement | None
    amount: Money
    effective_date: Day
    description: str
    vendors: list[Vendor] = Field(min_length=1)
    referenced_idv: Piid | None = None
    reason: Code | None = None
    solicitation_date: Day | None = None
    period_start: Day | None = None
    period_end: Day | None = None
    total_value: Money | None = None
    naics: Code | None = None
    psc: Code | None = None
    pricing: Code | None = None
    competition: Code | None = None
    set_aside: Code | None = None
    payment: Literal["eft", "purchase_card"] = "eft"
    option: OptionExercise | None = None
    clauses: list[str] = Field(default_factory=list)
    defense: bool = False
    construction: bool = False
    on_installation: bool = False
    performed_abroad: bool = False
    unilateral: bool = False
    urgent: bool = False
    severable: bool | None = None
    replaces: Piid | None = None
    registration_exception: str | None = Field(default=None, min_length=1)
    overhauled_far: bool = True

    @property
    def modification_number(self) -> str:
        """As the contract system writes it."""
        return self.modification or "0"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(vendor.role == "prime" for vendor in self.vendors) != 1:
            raise ValueError("vendors: exactly one must be the prime")
        if (self.modification is None) != (self.action_type == "new_award"):
            raise ValueError(f"modification: {self.modification!r} does not fit {self.action_type}")
        return self


class ExpectedFinding(Shape):
    """A finding that the triage must make."""

    rule: RuleId
    subject: str = Field(min_length=1)
    severity: Literal["blocking", "advisory"]


class ForbiddenFinding(Shape):
    """A finding that would be wrong, although the data suggests it."""

    rule: RuleId
    subject: str = Field(min_length=1)


class Trap(Shape):
    """A special case of a rule that the scenario covers, quoted from the rule."""

    rule: RuleId
    trap: str = Field(min_length=1)


class PointInTime(Shape):
    """The time of the triage, if it is not the day of the action with fresh answers.

    `pulled` is the time of an older answer by system; `not_asked` lists systems that the action did not need.
    """

    at: ZuluTime
    pulled: dict[SystemName, ZuluTime] = Field(default_factory=dict)
    not_asked: list[SystemName] = Field(default_factory=list)


class NotAMatch(Shape):
    """An officer's earlier decision that an exclusion record does not concern a vendor."""

    uei: Uei
    record: ExclusionRow
    expires: Day


class Scenario(Shape):
    """One file. `expected` is complete: any other finding is wrong."""

    title: str = Field(min_length=1)
    action: Action
    sam_gov: list[EntityRow] = Field(alias="sam-gov")
    debarment: list[ExclusionRow]
    contracts: list[AwardRow]
    documents: list[DocumentRow]
    ledger: Ledger
    faults: dict[ServiceName, FaultMode] = Field(default_factory=dict)
    look: PointInTime | None = None
    decided: list[NotAMatch] = Field(default_factory=list)
    traps: list[Trap] = Field(default_factory=list)
    expected: list[ExpectedFinding]
    forbidden: list[ForbiddenFinding] = Field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        """The identifiers in requests about this action: its PIID, its vehicle's, and its vendors' UEIs, without punctuation."""
        return (*self._contracts, *(vendor.uei for vendor in self.action.vendors))

    @property
    def _contracts(self) -> tuple[str, ...]:
        vehicle = self.action.referenced_idv
        return tuple(plain_number(piid) for piid in (self.action.piid, vehicle) if piid is not None)

    @model_validator(mode="after")
    def _about_this_action(self) -> Self:
        commitments, lines = self.ledger.commitments, self.ledger.obligation_lines
        piids = {
            "contracts": {row.contract_id.piid for row in self.contracts},
            "documents": {row.piid for row in self.documents},
            "ledger": {row.piid for row in commitments} | {row.piid for row in lines},
        }
        for source, named in piids.items():
            if strangers := set(map(plain_number, named)).difference(self._contracts):
                raise ValueError(f"{source}: {min(strangers)!r} is another contract")
        ueis = {row.uei for row in self.sam_gov}
        if unknown := ueis.difference(self.keys):
            raise ValueError(f"sam-gov: {min(unknown)!r} is not a vendor of this action")
        wrong = {(finding.rule, finding.subject) for finding in self.forbidden}
        if both := wrong & {(finding.rule, finding.subject) for finding in self.expected}:
            raise ValueError(f"forbidden: {' '.join(min(both))} is also expected")
        return self
