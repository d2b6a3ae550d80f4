"""A scenario: one action, what the five systems say about it, and what a correct triage finds."""

from typing import Literal, Self

from pydantic import Field, model_validator

from known_answers.scenarios.contract_rows import AwardRow, DocumentRow
from known_answers.scenarios.formats import Day, Uei, ZuluTime
from known_answers.scenarios.ledger_rows import Ledger
from known_answers.scenarios.sam_rows import EntityRow, ExclusionRow
from known_answers.scenarios.shape import Shape
from known_answers.scenarios.submitted import Action

Service = Literal["sam-gov", "debarment", "contracts", "documents"]
System = Literal["sam-gov", "debarment", "contracts", "documents", "ledger"]
FaultMode = Literal["500", "garbage", "oversize", "hang", "redirect", "401", "429", "empty", "kept"]
RuleId = Literal[
    "R01", "R02", "R03", "R04", "R05",
    "E01", "E02", "E03", "E04", "E05", "E06", "E07",
    "C01", "C02", "C03", "C04", "C05", "C06", "C07",
    "D01", "D02", "D03", "D04",
    "F01", "F02", "F03", "F04", "F05", "F06",
    "S01",
]  # fmt: skip


class Finding(Shape):
    """A finding to be made."""

    rule: RuleId
    subject: str = Field(min_length=1)
    severity: Literal["blocking", "advisory"]


class FalseFinding(Shape):
    """A finding that would be wrong, though the data tempts to it."""

    rule: RuleId
    subject: str = Field(min_length=1)


class Trap(Shape):
    """A special case of a rule, word by word as the rule lists it, that the scenario is about."""

    rule: RuleId
    trap: str = Field(min_length=1)


class Look(Shape):
    """When the triage looks, and what differs from a look on the action's own day with answers just given.

    `pulled` has when a source gave its answer, where it is one kept from earlier; `not_asked` are systems that the
    action had no need for.
    """

    at: ZuluTime
    pulled: dict[System, ZuluTime] = Field(default_factory=dict)
    not_asked: list[System] = Field(default_factory=list)


class NotAMatch(Shape):
    """An officer's earlier decision that an exclusion record, as it was then, is not about a vendor."""

    uei: Uei
    record: ExclusionRow
    expires: Day


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
    look: Look | None = None
    decided: list[NotAMatch] = Field(default_factory=list)
    traps: list[Trap] = Field(default_factory=list)
    expected: list[Finding]
    forbidden: list[FalseFinding] = Field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        """What requests about this action name: its PIID, its vehicle's, and its vendors' UEIs."""
        return (*self._contracts, *(vendor.uei for vendor in self.action.vendors))

    @property
    def _contracts(self) -> tuple[str, ...]:
        vehicle = self.action.referenced_idv
        return (self.action.piid,) if vehicle is None else (self.action.piid, vehicle)

    @model_validator(mode="after")
    def _about_this_action(self) -> Self:
        commitments, lines = self.ledger.commitments, self.ledger.obligation_lines
        piids = {
            "contracts": {row.contract_id.piid for row in self.contracts},
            "documents": {row.piid for row in self.documents},
            "ledger": {row.piid for row in commitments} | {row.piid for row in lines},
        }
        for source, named in piids.items():
            if strangers := named.difference(self._contracts):
                raise ValueError(f"{source}: {min(strangers)!r} is another contract")
        ueis = {row.uei for row in self.sam_gov}
        if unknown := ueis.difference(self.keys):
            raise ValueError(f"sam-gov: {min(unknown)!r} is no vendor of this action")
        wrong = {(each.rule, each.subject) for each in self.forbidden}
        if both := wrong & {(each.rule, each.subject) for each in self.expected}:
            raise ValueError(f"forbidden: {' '.join(min(both))} is expected, too")
        return self
