"""Facts about vendors: registrations and exclusions.

Fields with a default may be missing from an answer; a rule that needs one and finds None says nothing about it.
"""

from dataclasses import dataclass
from datetime import date

from app.procurement.facts import Address, Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A firm that owns or preceded a vendor."""

    name: str
    cage: str | None = None
    uei: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Certification:
    """A small-business certification and the last day it holds; open-ended when `ends` is None."""

    code: str
    ends: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegrityRecord:
    """A record of responsibility/integrity information, such as a termination for cause."""

    kind: str
    recorded: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration(Fact):
    """SAM.gov: one registration row of a vendor; a UEI can have several.

    `status` is "Active", "Expired" or "ID Assigned"; `purpose` Z1 is assistance only, Z2 all awards. `small_for`
    gives the NAICS codes the firm is small for, `not_small_for` those it is not.
    """

    uei: str
    legal_name: str
    status: str
    expires: date | None
    registered: bool = True
    purpose: str | None = "Z2"
    eft_indicator: str | None = None
    cage: str | None = None
    dba_name: str | None = None
    updated: date | None = None
    activated: date | None = None
    address: Address | None = None
    mailing_address: Address | None = None
    #: "Y", "N", or None where the answer has neither.
    exclusion_flag: str | None = None
    debt_flag: str | None = None
    immediate_owner: Owner | None = None
    highest_owner: Owner | None = None
    predecessors: tuple[Owner, ...] = ()
    small_for: frozenset[str] = frozenset()
    not_small_for: frozenset[str] = frozenset()
    certifications: tuple[Certification, ...] = ()
    integrity_count: int = 0
    integrity_records: tuple[IntegrityRecord, ...] = ()
    proceedings: bool = False
    proceedings_latest: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenEntities(Fact):
    """SAM.gov: rows that an entity opted out of showing to this key; they do not say whose they are."""

    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion(Fact):
    """SAM.gov exclusions: one record; open-ended when `terminated` is None. Only firms must have a UEI.

    `classification` is Firm, Individual, Vessel or Special Entity Designation. `other_*` are identifiers of the
    record's further locations, `aliases` its cross-references.
    """

    uei: str | None
    name: str
    exclusion_type: str
    program: str
    agency: str
    activated: date
    terminated: date | None
    classification: str = "Firm"
    cage: str | None = None
    aliases: tuple[str, ...] = ()
    other_ueis: tuple[str, ...] = ()
    other_cages: tuple[str, ...] = ()
    address: Address | None = None
    #: Legacy cause-and-treatment code; "H" bars a facility, not the firm.
    ct_code: str | None = None
    fascsa_order: bool = False
    comments: str | None = None
