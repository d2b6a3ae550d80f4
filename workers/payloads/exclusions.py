"""Exclusions API v4: records of firms, persons, vessels and special entities, with dates as MM-DD-YYYY.

Only firms must have a UEI. Persons' names come in parts; aliases hide in cross-references and further locations.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.procurement.vendor_facts import Exclusion
from workers.payloads.notation import (
    EmptyAsNone,
    Identifier,
    MonthFirst,
    NullAsEmptyList,
    OptionalPlace,
    Payload,
    Required,
    RequiredMonthFirst,
    Text,
    Total,
    YesNo,
    address_of,
)


class ExclusionDetails(Payload):
    """What kind of exclusion, and whose."""

    classification: Literal["Firm", "Individual", "Vessel", "Special Entity Designation"] = Field(
        default="Firm", alias="classificationType"
    )
    exclusion_type: Required
    program: Required = Field(alias="exclusionProgram")
    agency: Required = Field(alias="excludingAgencyName")


class Identification(Payload):
    """Who is excluded."""

    uei: Identifier = Field(default=None, alias="ueiSAM")
    cage: Identifier = Field(default=None, alias="cageCode")
    entity_name: Text = None
    prefix: Text = None
    first_name: Text = None
    middle_name: Text = None
    last_name: Text = None
    suffix: Text = None

    @property
    def name(self) -> str:
        """The entity's name, or the parts of a person's."""
        parts = (self.prefix, self.first_name, self.middle_name, self.last_name, self.suffix)
        return self.entity_name or " ".join(part for part in parts if part)

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not self.name:
            raise ValueError("entityName is missing, and so are the parts of a person's name")
        return self


class Period(Payload):
    """From when to when; open-ended without an end."""

    activated: RequiredMonthFirst = Field(alias="activateDate")
    terminated: MonthFirst = Field(default=None, alias="terminationDate")
    status: Text = Field(default=None, alias="recordStatus")


class Periods(Payload):
    """The wrapper of the real answer."""

    listed: list[Period] = Field(alias="listOfActions", min_length=1)

    @property
    def valid(self) -> Period:
        """The one in force: of the active ones, or of all where none is, that which began last."""
        active = [action for action in self.listed if action.status in (None, "Active")]
        return max(active or self.listed, key=lambda action: action.activated)


class Reference(Payload):
    """Another name of the record, or a related record's."""

    name: Text = Field(default=None, alias="exclusionName")


class References(Payload):
    """The wrapper of the real answer."""

    listed: Annotated[list[Reference], NullAsEmptyList] = Field(default_factory=list, alias="referencesList")


class Location(Payload):
    """A further place of the same party, with its own identifiers."""

    name: Text = Field(default=None, alias="exclusionName")
    uei: Identifier = Field(default=None, alias="ueiSAM")
    cage: Identifier = Field(default=None, alias="cageCode")


class OtherInformation(Payload):
    """Orders of the Federal Acquisition Security Council, legacy codes, aliases, locations."""

    fascsa: YesNo = Field(default=None, alias="isFASCSAOrder")
    comments: Text = Field(default=None, alias="additionalComments")
    ct_code: Text = None
    references: Annotated[References | None, EmptyAsNone] = None
    locations: Annotated[list[Location], NullAsEmptyList] = Field(default_factory=list, alias="moreLocations")


class ExclusionRecord(Payload):
    """One record."""

    details: ExclusionDetails = Field(alias="exclusionDetails")
    identification: Identification = Field(alias="exclusionIdentification")
    periods: Periods = Field(alias="exclusionActions")
    address: OptionalPlace = Field(default=None, alias="exclusionPrimaryAddress")
    other: Annotated[OtherInformation | None, EmptyAsNone] = Field(
        default=None, alias="exclusionOtherInformation"
    )

    def to_fact(self) -> Exclusion:
        """The record as the rules read it."""
        other, period = self.other or OtherInformation(), self.periods.valid
        references = (other.references or References()).listed
        named = [
            *(reference.name for reference in references),
            *(reference.name for reference in other.locations),
        ]
        return Exclusion(
            uei=self.identification.uei,
            name=self.identification.name,
            exclusion_type=self.details.exclusion_type,
            program=self.details.program,
            agency=self.details.agency,
            activated=period.activated,
            terminated=period.terminated,
            classification=self.details.classification,
            cage=self.identification.cage,
            aliases=tuple(name for name in dict.fromkeys(named) if name and name != self.identification.name),
            other_ueis=tuple(dict.fromkeys(location.uei for location in other.locations if location.uei)),
            other_cages=tuple(dict.fromkeys(location.cage for location in other.locations if location.cage)),
            address=address_of(self.address),
            ct_code=other.ct_code,
            fascsa_order=bool(other.fascsa),
            comments=other.comments,
        )


class Exclusions(Payload):
    """A page."""

    total: Total = Field(alias="totalRecords")
    rows: list[ExclusionRecord] = Field(alias="excludedEntity")
