"""Entity Management API v4, `integrityInformation`: owners, predecessors, responsibility records, proceedings.

Sent only on request, and not for every entity.
"""

from typing import Annotated, Any

from pydantic import Field

from app.procurement.vendor_facts import IntegrityRecord, Owner
from workers.payloads.notation import (
    Count,
    Day,
    EmptyAsNone,
    Identifier,
    NullAsEmptyList,
    Payload,
    Text,
    YesNo,
)


class Parent(Payload):
    """A firm in the hierarchy, which only some keys may see."""

    name: Text = Field(default=None, alias="legalBusinessName")
    uei: Identifier = Field(default=None, alias="ueiSAM")
    cage: Identifier = Field(default=None, alias="cageCode")

    def to_fact(self) -> Owner | None:
        """None where no name is given."""
        return Owner(name=self.name, uei=self.uei, cage=self.cage) if self.name else None


MaybeParent = Annotated[Parent | None, EmptyAsNone]


class Proceeding(Payload):
    """A criminal, civil or administrative proceeding the firm reported."""

    day: Day = Field(default=None, alias="proceedingDate")


class Proceedings(Payload):
    """Questions 1 and 2 ask about contracts held; only question 3 is about proceedings of the last five years."""

    reported: YesNo = Field(default=None, alias="proceedingsQuestion3")
    count: Count = Field(default=0, alias="proceedingsRecordCount")
    proceedings: Annotated[list[Proceeding], NullAsEmptyList] = Field(
        default_factory=list, alias="listOfProceedings"
    )


class ResponsibilityRecord(Payload):
    """Such as a termination for cause."""

    kind: Text = Field(default=None, alias="recordTypeDesc")
    code: Text = Field(default=None, alias="recordType")
    day: Day = Field(default=None, alias="recordDate")


class CorporateRelationships(Payload):
    """Owners and predecessors in their public form; a name of None means there is none."""

    highest: MaybeParent = Field(default=None, alias="highestOwner")
    immediate: MaybeParent = Field(default=None, alias="immediateOwner")
    predecessors: Annotated[list[Parent], NullAsEmptyList] = Field(
        default_factory=list, alias="predecessorsList"
    )


class EntitySummary(Payload):
    """Whose information it is; all there is where the entity opted out of display."""

    uei: Identifier = Field(default=None, alias="ueiSAM")
    legal_name: Text = Field(default=None, alias="legalBusinessName")


class IntegrityInformation(Payload):
    """Responsibility and integrity records, sent only on request."""

    summary: Annotated[EntitySummary | None, EmptyAsNone] = Field(default=None, alias="entitySummary")
    proceedings: Annotated[Proceedings | None, EmptyAsNone] = Field(default=None, alias="proceedingsData")
    count: Count = Field(default=0, alias="responsibilityInformationCount")
    records: Annotated[list[ResponsibilityRecord], NullAsEmptyList] = Field(
        default_factory=list, alias="responsibilityInformationList"
    )
    corporate: Annotated[CorporateRelationships | None, EmptyAsNone] = Field(
        default=None, alias="corporateRelationships"
    )

    def to_fields(self) -> dict[str, Any]:
        """The fields of `IntegrityFacts`."""
        proceedings = self.proceedings or Proceedings()
        return {
            "integrity_count": max(self.count, len(self.records)),
            "integrity_records": tuple(
                IntegrityRecord(kind=each.kind or each.code or "record of no stated kind", recorded=each.day)
                for each in self.records
            ),
            "proceedings": bool(proceedings.reported or proceedings.count or proceedings.proceedings),
            "proceedings_latest": max(
                (each.day for each in proceedings.proceedings if each.day), default=None
            ),
        }


def owner(*parents: Parent | None) -> Owner | None:
    """The public form; a parent of the hierarchy adds its UEI when it has the same name."""
    found = [firm for parent in parents if parent is not None and (firm := parent.to_fact())]
    if not found:
        return None
    first = found[0]
    same = next((owner for owner in found if owner.uei and owner.name.upper() == first.name.upper()), first)
    return Owner(name=first.name, cage=first.cage or same.cage, uei=first.uei or same.uei)
