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
class IntegrityFacts(Fact):
    """What SAM.gov has on the integrity of a firm. `integrity_count` can be more than the records that are shown."""

    integrity_count: int = 0
    integrity_records: tuple[IntegrityRecord, ...] = ()
    proceedings: bool = False
    proceedings_latest: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration(IntegrityFacts):
    """SAM.gov: one registration row of a vendor; a UEI can have several.

    `status` is in the words of SAM.gov: "Active"; "Inactive" or "Expired" after a lapse; "Submitted" and "Work in
    Progress" before it is active; "ID Assigned" without a registration; None where it could not be read. `purpose` Z1 is
    assistance only, Z2 all awards. `small_for` gives the NAICS codes the firm is small for, `not_small_for` those it is
    not.
    """

    uei: str
    legal_name: str
    status: str | None
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


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenEntity(IntegrityFacts):
    """SAM.gov: an entity that opted out of display, so that this key does not see its registration.

    Some of these rows say whose they are; None where they do not. Integrity records are shown all the same.
    """

    uei: str | None = None
    legal_name: str | None = None

    @property
    def named(self) -> str:
        """Name and UEI, as far as they are shown."""
        return f"{self.legal_name or 'a name not shown'} ({self.uei or 'a UEI not shown'})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From when to when an exclusion is in force, both days included: open at the side that is None."""

    activated: date | None
    terminated: date | None = None

    def includes(self, day: date) -> bool:
        """Whether it is in force on this day. One without a first day has begun: the service lists no others."""
        begun = self.activated is None or self.activated <= day
        return begun and (self.terminated is None or self.terminated >= day)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion(Fact):
    """SAM.gov exclusions: one record; open-ended when `terminated` is None. Only firms must have a UEI.

    `classification` is Firm, Individual, Vessel or Special Entity Designation. `other_*` are of the record's further
    locations, `aliases` its cross-references. A record can be in force more than once: `activated` and `terminated` are
    of the first period, `further_periods` those after it. `activated` is None where no day is stated or readable.
    """

    uei: str | None
    name: str
    exclusion_type: str
    program: str
    agency: str
    activated: date | None
    terminated: date | None
    classification: str = "Firm"
    cage: str | None = None
    aliases: tuple[str, ...] = ()
    other_ueis: tuple[str, ...] = ()
    other_cages: tuple[str, ...] = ()
    address: Address | None = None
    other_addresses: tuple[Address, ...] = ()
    further_periods: tuple[Period, ...] = ()
    #: Legacy cause-and-treatment code; "H" bars a facility, not the firm.
    ct_code: str | None = None
    fascsa_order: bool = False
    comments: str | None = None

    @property
    def periods(self) -> tuple[Period, ...]:
        """All periods, the first one first."""
        return (Period(activated=self.activated, terminated=self.terminated), *self.further_periods)

    def in_force(self, day: date) -> Period | None:
        """The period in force on this day, of several the one that began first; None if there is none."""
        return next((period for period in self.periods if period.includes(day)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadValue(Fact):
    """Any source: a value of a record that could not be read, so that what depends on it was not checked.

    `uei` is the vendor the record is about, None where it is about none; `record` says which record. Without it the
    record could be used, unless `is_lost`.
    """

    uei: str | None
    record: str
    field: str
    value: str
    is_lost: bool = False

    def leaves_open(self, uei: str, field: str | None) -> bool:
        """Whether a vendor may be in this record, or have a value in this field. A lost record may be anybody's."""
        if self.is_lost:
            return self.uei in {uei, None}
        return self.uei == uei and self.field.rpartition(".")[2] == field
