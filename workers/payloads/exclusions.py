"""Exclusions API v4: records of firms, persons, vessels and special entities, with dates as MM-DD-YYYY.

Only firms must have a UEI. Persons' names come in parts; aliases hide in cross-references and further locations.
"""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from app.procurement.vendor_facts import Exclusion, Period
from workers.payloads.cross_reference import name_before_address
from workers.payloads.notation import (
    EmptyAsNone,
    Identifier,
    MonthFirst,
    NullAsEmpty,
    NullAsEmptyList,
    OptionalPlace,
    Payload,
    Text,
    Total,
    YesNo,
    absent,
    address_of,
)


def _unless_indefinite(value: object) -> object:
    """None for what extracts write in place of a last day."""
    text = absent(value)
    return None if isinstance(text, str) and text.lower() == "indefinite" else text


class ExclusionDetails(Payload):
    """What kind of exclusion, and whose. Any of it can be blank: orders are published without their agency."""

    classification: Text = Field(default=None, alias="classificationType")
    exclusion_type: Text = None
    program: Text = Field(default=None, alias="exclusionProgram")
    agency: Text = Field(default=None, alias="excludingAgencyName")


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


class Action(Payload):
    """A period: open-ended without an end."""

    activated: MonthFirst = Field(default=None, alias="activateDate")
    terminated: Annotated[MonthFirst, BeforeValidator(_unless_indefinite)] = Field(
        default=None, alias="terminationDate"
    )
    status: Text = Field(default=None, alias="recordStatus")

    @property
    def is_over(self) -> bool:
        """Whether the agency ended it; a status that is not known counts as in force."""
        return (self.status or "").upper() == "INACTIVE"


class Actions(Payload):
    """The wrapper of the real answer."""

    listed: Annotated[list[Action], NullAsEmptyList] = Field(default_factory=list, alias="listOfActions")

    @property
    def periods(self) -> tuple[Period, ...]:
        """The active ones, or all where none is, by their first days; the one without any comes first.

        A record without periods is listed, so it is in force: since when, it does not say.
        """
        active = [action for action in self.listed if not action.is_over] or self.listed
        periods = {Period(activated=each.activated, terminated=each.terminated): None for each in active}
        return tuple(sorted(periods, key=_order)) or (Period(activated=None),)


def _order(period: Period) -> tuple[date, date]:
    return period.activated or date.min, period.terminated or date.max


class Reference(Payload):
    """Another name of the record, or a related record's."""

    written: Text = Field(default=None, alias="exclusionName")

    @property
    def name(self) -> str | None:
        """The name alone. Some are written with their address: "NAME- street , CITY , ST ,ZIP,COUNTRY"."""
        return name_before_address(self.written) if self.written else None


class References(Payload):
    """The wrapper of the real answer."""

    listed: Annotated[list[Reference], NullAsEmptyList] = Field(default_factory=list, alias="referencesList")


class Location(Reference):
    """A further place of the same party, with its own identifiers."""

    uei: Identifier = Field(default=None, alias="ueiSAM")
    cage: Identifier = Field(default=None, alias="cageCode")
    address: OptionalPlace = Field(default=None, alias="primaryAddress")


class OtherInformation(Payload):
    """Orders of the Federal Acquisition Security Council, legacy codes, aliases, locations."""

    fascsa: YesNo = Field(default=None, alias="isFASCSAOrder")
    comments: Text = Field(default=None, alias="additionalComments")
    ct_code: Text = None
    references: Annotated[References | None, EmptyAsNone] = None
    locations: Annotated[list[Location], NullAsEmptyList] = Field(default_factory=list, alias="moreLocations")


class ExclusionRecord(Payload):
    """One record."""

    details: Annotated[ExclusionDetails, NullAsEmpty] = Field(
        default_factory=ExclusionDetails, alias="exclusionDetails"
    )
    identification: Annotated[Identification, NullAsEmpty] = Field(
        default_factory=Identification, alias="exclusionIdentification"
    )
    actions: Annotated[Actions, NullAsEmpty] = Field(default_factory=Actions, alias="exclusionActions")
    address: OptionalPlace = Field(default=None, alias="exclusionPrimaryAddress")
    other: Annotated[OtherInformation, NullAsEmpty] = Field(
        default_factory=OtherInformation, alias="exclusionOtherInformation"
    )

    @model_validator(mode="after")
    def _is_about_somebody(self) -> Self:
        identified = self.identification
        if not (identified.name or identified.uei or identified.cage or self.names):
            raise ValueError("exclusionIdentification has neither a name nor an identifier")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Its cross-references and the names of its further locations, each once."""
        named = (*(self.other.references or References()).listed, *self.other.locations)
        return tuple(dict.fromkeys(each.name for each in named if each.name))

    def to_fact(self) -> Exclusion:
        """The record as the rules read it."""
        details, identified, other = self.details, self.identification, self.other
        first, *further = self.actions.periods
        name = identified.name or next(iter(self.names), "")
        return Exclusion(
            uei=identified.uei,
            name=name,
            exclusion_type=details.exclusion_type or "type not stated",
            program=details.program or "program not stated",
            agency=details.agency or "an agency not stated",
            activated=first.activated,
            terminated=first.terminated,
            further_periods=tuple(further),
            classification=details.classification or "Firm",
            cage=identified.cage,
            aliases=tuple(alias for alias in self.names if alias != name),
            other_ueis=tuple(dict.fromkeys(each.uei for each in other.locations if each.uei)),
            other_cages=tuple(dict.fromkeys(each.cage for each in other.locations if each.cage)),
            address=address_of(self.address),
            other_addresses=tuple(
                dict.fromkeys(each.address.to_fact() for each in other.locations if each.address)
            ),
            ct_code=other.ct_code,
            fascsa_order=bool(other.fascsa),
            comments=other.comments,
        )


class Exclusions(Payload):
    """A page; its rows are of `ExclusionRecord`."""

    total: Total = Field(alias="totalRecords")
    rows: list[Any] = Field(alias="excludedEntity")
