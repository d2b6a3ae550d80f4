"""Entity Management API v4, the public sections a rule reads.

The traps: "null" as text; a string where an entity opted out; several rows of one UEI; a shorter object for firms
that only have an identifier; sections that are missing although they were requested.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from app.procurement.vendor_facts import Certification, IntegrityRecord, Registration
from workers.payloads.integrity import (
    CorporateRelationships,
    IntegrityInformation,
    MaybeParent,
    Proceedings,
    owner,
)
from workers.payloads.notation import (
    Day,
    EmptyAsNone,
    Identifier,
    NullAsEmptyList,
    OptionalPlace,
    Payload,
    Required,
    RequiredIdentifier,
    Text,
    Total,
    YesNo,
    YesNoUnknown,
    absent,
    address_of,
)


class EntityRegistration(Payload):
    """The section every row has."""

    uei: RequiredIdentifier = Field(alias="ueiSAM")
    legal_name: Required = Field(alias="legalBusinessName")
    given_status: Annotated[Literal["Active", "Expired", "ID Assigned"] | None, BeforeValidator(absent)] = (
        Field(default=None, alias="registrationStatus")
    )
    registered: YesNo = Field(default=None, alias="samRegistered")
    eft_indicator: Text = Field(default=None, alias="entityEFTIndicator")
    cage: Identifier = Field(default=None, alias="cageCode")
    dba_name: Text = None
    purpose: Text = Field(default=None, alias="purposeOfRegistrationCode")
    updated: Day = Field(default=None, alias="lastUpdateDate")
    expires: Day = Field(default=None, alias="registrationExpirationDate")
    activated: Day = Field(default=None, alias="activationDate")
    exclusion_flag: YesNoUnknown = Field(default=None, alias="exclusionStatusFlag")

    @property
    def status(self) -> str:
        """Only firms that were never registered may come without one."""
        return self.given_status or "ID Assigned"

    @model_validator(mode="after")
    def _has_status(self) -> Self:
        if self.given_status is None and self.registered is not False:
            raise ValueError("registrationStatus is missing")
        return self


class SbaBusinessType(Payload):
    """A certification by the Small Business Administration; a row of nulls stands for none."""

    code: Text = Field(default=None, alias="sbaBusinessTypeCode")
    ends: Day = Field(default=None, alias="certificationExitDate")


class BusinessTypes(Payload):
    """What kind of firm it is."""

    certified: Annotated[list[SbaBusinessType], NullAsEmptyList] = Field(
        default_factory=list, alias="sbaBusinessTypeList"
    )


class FinancialInformation(Payload):
    """The debt flag: Y, N, or U for unknown."""

    debt: YesNoUnknown = Field(default=None, alias="debtSubjectToOffset")


class Hierarchy(Payload):
    """Parents, where the key may see them."""

    immediate: MaybeParent = Field(default=None, alias="immediateParentEntity")
    ultimate: MaybeParent = Field(default=None, alias="ultimateParentEntity")


class EntityCoreData(Payload):
    """Addresses, certifications, the debt flag."""

    hierarchy: Annotated[Hierarchy | None, EmptyAsNone] = Field(
        default=None, alias="entityHierarchyInformation"
    )
    physical: OptionalPlace = Field(default=None, alias="physicalAddress")
    mailing: OptionalPlace = Field(default=None, alias="mailingAddress")
    business_types: Annotated[BusinessTypes | None, EmptyAsNone] = None
    financial: Annotated[FinancialInformation | None, EmptyAsNone] = Field(
        default=None, alias="financialInformation"
    )


class Naics(Payload):
    """An industry, and whether the firm is small for it; E marks an exception with its own size standard."""

    code: Required = Field(alias="naicsCode")
    small: Annotated[Literal["Y", "N", "E"] | None, BeforeValidator(absent)] = Field(
        default=None, alias="sbaSmallBusiness"
    )


class GoodsAndServices(Payload):
    """The firm's industries."""

    naics: Annotated[list[Naics], NullAsEmptyList] = Field(default_factory=list, alias="naicsList")


class Assertions(Payload):
    """What the firm says about itself."""

    goods_and_services: Annotated[GoodsAndServices | None, EmptyAsNone] = None


def _unless_opted_out(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    if isinstance(value, str):
        return None
    if value is None:
        raise ValueError("is null")
    return read(value)


class Entity(Payload):
    """One row; `registration` is None where a text stands in its place because the entity opted out."""

    registration: Annotated[EntityRegistration | None, WrapValidator(_unless_opted_out)] = Field(
        alias="entityRegistration"
    )
    core: Annotated[EntityCoreData | None, EmptyAsNone] = Field(default=None, alias="coreData")
    assertions: Annotated[Assertions | None, EmptyAsNone] = None
    integrity: Annotated[IntegrityInformation | None, EmptyAsNone] = Field(
        default=None, alias="integrityInformation"
    )


class Entities(Payload):
    """A page."""

    total: Total = Field(alias="totalRecords")
    rows: list[Entity] = Field(alias="entityData")


def registration_of(entity: Entity, seen: EntityRegistration) -> Registration:
    """The fact in a row that did not opt out."""
    core, integrity = entity.core or EntityCoreData(), entity.integrity or IntegrityInformation()
    corporate, hierarchy = integrity.corporate or CorporateRelationships(), core.hierarchy or Hierarchy()
    proceedings = integrity.proceedings or Proceedings()
    goods = (entity.assertions and entity.assertions.goods_and_services) or GoodsAndServices()
    small = frozenset(industry.code for industry in goods.naics if industry.small == "Y")
    other = frozenset(industry.code for industry in goods.naics if industry.small == "N")
    financial = core.financial or FinancialInformation()
    certified = (core.business_types or BusinessTypes()).certified
    return Registration(
        uei=seen.uei,
        legal_name=seen.legal_name,
        status=seen.status,
        expires=seen.expires,
        registered=seen.status != "ID Assigned" if seen.registered is None else seen.registered,
        purpose=seen.purpose,
        eft_indicator=seen.eft_indicator,
        cage=seen.cage,
        dba_name=seen.dba_name,
        updated=seen.updated,
        activated=seen.activated,
        address=address_of(core.physical),
        mailing_address=address_of(core.mailing),
        exclusion_flag=seen.exclusion_flag,
        debt_flag=financial.debt,
        immediate_owner=owner(corporate.immediate, hierarchy.immediate),
        highest_owner=owner(corporate.highest, hierarchy.ultimate),
        predecessors=tuple(firm for predecessor in corporate.predecessors if (firm := predecessor.to_fact())),
        # An exception has its own size standard: a code with both answers counts as neither.
        small_for=small - other,
        not_small_for=other - small,
        certifications=tuple(
            Certification(code=item.code, ends=item.ends) for item in certified if item.code
        ),
        integrity_count=max(integrity.count, len(integrity.records)),
        integrity_records=tuple(
            IntegrityRecord(kind=item.kind or item.code or "record of no stated kind", recorded=item.day)
            for item in integrity.records
        ),
        proceedings=bool(proceedings.reported or proceedings.count or proceedings.proceedings),
        proceedings_latest=max((item.day for item in proceedings.proceedings if item.day), default=None),
    )
