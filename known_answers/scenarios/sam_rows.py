"""Rows of SAM.gov: entities (Entity Management API v4) and exclusions (Exclusions API v4), public data only."""

from typing import Self

from pydantic import Field, model_validator

from known_answers.scenarios.formats import CamelShape, JsonObject, Uei, is_uei


class EntityRegistration(CamelShape):
    """The section of that name. An entity that only has an identifier lacks purpose and registration dates.

    What the service may write in its own words is any text: an entity that opted out of display has a sentence there.
    """

    sam_registered: str
    uei: str = Field(alias="ueiSAM")
    entity_eft_indicator: str | None = Field(default=None, alias="entityEFTIndicator")
    #: "null" as text happens, too.
    cage_code: str | None = None
    dodaac: str | None = None
    legal_business_name: str = Field(min_length=1)
    dba_name: str | None = None
    purpose_of_registration_code: str | None = None
    purpose_of_registration_desc: str | None = None
    registration_status: str | None = None
    evs_source: str | None = None
    registration_date: str | None = None
    last_update_date: str | None = None
    registration_expiration_date: str | None = None
    activation_date: str | None = None
    uei_status: str | None = "Active"
    uei_expiration_date: str | None = None
    uei_creation_date: str | None = None
    public_display_flag: str | None = "Y"
    exclusion_status_flag: str | None = None
    exclusion_url: str | None = Field(default=None, alias="exclusionURL")
    dnb_open_data: str | None = None


class EntityRow(CamelShape):
    """One element of `entityData`; one UEI can have several. Sections after the first are served unchanged.

    A text in place of the registration, or of the UEI in it, stands for an entity that opted out of being shown;
    `opted_out_uei` then says whose row it is, and is not served.
    """

    entity_registration: EntityRegistration | str
    opted_out_uei: Uei | None = None
    core_data: JsonObject | None = None
    assertions: JsonObject | None = None
    integrity_information: JsonObject | None = None

    @property
    def uei(self) -> str:
        """The UEI of the row."""
        return self.opted_out_uei or self._shown_uei or ""

    @property
    def _shown_uei(self) -> str | None:
        registration = self.entity_registration
        return registration.uei if not isinstance(registration, str) and is_uei(registration.uei) else None

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        if not self.uei or (self._shown_uei and self._shown_uei != self.uei):
            raise ValueError(
                "optedOutUei: must say whose row it is where entityRegistration does not, and nothing else where it does"
            )
        return self


class ExclusionDetails(CamelShape):
    """The kind of exclusion and its agency, any of which can be blank."""

    classification_type: str | None
    exclusion_type: str | None
    exclusion_program: str | None
    excluding_agency_code: str | None
    excluding_agency_name: str | None


class ExclusionIdentification(CamelShape):
    """The excluded party. Only firms must have a UEI."""

    uei: str | None = Field(alias="ueiSAM")
    cage_code: str | None = None
    npi: str | None = None
    prefix: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    entity_name: str | None
    dnb_open_data: str | None = None


class ExclusionAction(CamelShape):
    """One period; open-ended when `termination_date` is None."""

    create_date: str | None = None
    update_date: str | None = None
    activate_date: str | None
    termination_date: str | None
    termination_type: str | None = None
    record_status: str | None


class ExclusionActions(CamelShape):
    """The wrapper of the real answer."""

    list_of_actions: list[ExclusionAction]


class Reference(CamelShape):
    """Another name for the same party, or one related to it."""

    exclusion_name: str | None
    type: str | None


class References(CamelShape):
    """The wrapper of the real answer."""

    references_list: list[Reference] | None


class Location(CamelShape):
    """A further location of the same party, with its own identifiers."""

    exclusion_name: str | None = None
    uei: str | None = Field(default=None, alias="ueiSAM")
    cage_code: str | None = None
    npi: str | None = None
    primary_address: JsonObject = Field(default_factory=dict)
    secondary_address: list[JsonObject] = Field(default_factory=list)


class OtherInformation(CamelShape):
    """Orders, legacy codes, aliases."""

    fascsa_order: str | None = Field(alias="isFASCSAOrder")
    additional_comments: str | None
    ct_code: str | None
    evs_investigation_status: str | None
    references: References
    more_locations: list[Location]


class ExclusionRow(CamelShape):
    """One element of `excludedEntity`."""

    exclusion_details: ExclusionDetails
    exclusion_identification: ExclusionIdentification
    exclusion_actions: ExclusionActions
    exclusion_primary_address: JsonObject
    exclusion_secondary_address: list[JsonObject]
    exclusion_other_information: OtherInformation
    vessel_details: JsonObject
