"""A scenario: one action, what the five systems say about it, and what a correct triage finds."""

from typing import Literal, Self

from pydantic import Field, model_validator

from mocks.scenarios.contract_rows import AwardRow, DocumentRow
from mocks.scenarios.formats import Cage, Day, Money, Piid, Supplement, Uei
from mocks.scenarios.ledger_rows import Ledger
from mocks.scenarios.sam_rows import EntityRow, ExclusionRow
from mocks.scenarios.shape import Shape

Service = Literal["sam-gov", "debarment", "contracts", "documents"]
FaultMode = Literal["500", "garbage", "oversize", "hang", "redirect", "401", "429", "empty"]
RuleId = Literal["R01", "E01", "C02", "D01", "F01", "S01"]


class Vendor(Shape):
    """A firm named in the action."""

    uei: Uei
    name: str = Field(min_length=1, max_length=300)
    role: Literal["prime", "subcontractor", "owner"]
    cage: Cage | None = None


class Action(Shape):
    """The action as it is submitted for triage."""

    action_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    action_type: Literal["new_award", "modification", "option"]
    piid: Piid
    modification: Supplement | None
    amount: Money
    effective_date: Day
    description: str
    vendors: list[Vendor] = Field(min_length=1)

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


class Finding(Shape):
    """A finding to be made."""

    rule: RuleId
    subject: str = Field(min_length=1)
    severity: Literal["blocking", "advisory"]


class FalseFinding(Shape):
    """A finding that would be wrong, though the data tempts to it."""

    rule: RuleId
    subject: str = Field(min_length=1)


class Scenario(Shape):
    """One file. `expected` lists every finding, so anything else is wrong as well."""

    title: str = Field(min_length=1)
    action: Action
    sam_gov: list[EntityRow] = Field(alias="sam-gov")
    debarment: list[ExclusionRow]
    contracts: list[AwardRow]
    documents: list[DocumentRow]
    ledger: Ledger
    faults: dict[Service, FaultMode] = Field(default_factory=dict)
    expected: list[Finding]
    forbidden: list[FalseFinding] = Field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        """What requests about this action name: its PIID and its vendors' UEIs."""
        return (self.action.piid, *(vendor.uei for vendor in self.action.vendors))

    @model_validator(mode="after")
    def _about_this_action(self) -> Self:
        commitments, lines = self.ledger.commitments, self.ledger.obligation_lines
        piids = {
            "contracts": {row.contract_id.piid for row in self.contracts},
            "documents": {row.piid for row in self.documents},
            "ledger": {row.piid for row in commitments} | {row.piid for row in lines},
        }
        for source, named in piids.items():
            if strangers := named - {self.action.piid}:
                raise ValueError(f"{source}: {min(strangers)!r} is another contract")
        ueis = {row.entity_registration.uei for row in self.sam_gov}
        if unknown := ueis.difference(self.keys):
            raise ValueError(f"sam-gov: {min(unknown)!r} is no vendor of this action")
        wrong = {(each.rule, each.subject) for each in self.forbidden}
        if both := wrong & {(each.rule, each.subject) for each in self.expected}:
            raise ValueError(f"forbidden: {' '.join(min(both))} is expected, too")
        return self
