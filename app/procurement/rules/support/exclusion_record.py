"""Exclusion records: whether one is active, whose identifiers it carries, and what it bars."""

from collections.abc import Iterable, Sequence
from datetime import date

from app.procurement.case_file import CaseFile, EvidenceOf, cached_per_case
from app.procurement.names import normalised
from app.procurement.rules.support.vendor_identity import Party, cages_of, identifier
from app.procurement.vendor_facts import Exclusion, Period

ExclusionEvidence = EvidenceOf[Exclusion]

#: How much of a record's free text is shown.
_TEXT = 300


def is_active(record: Exclusion, day: date) -> bool:
    """Whether a record is in force on this day; the last day of a period counts."""
    return record.in_force(day) is not None


@cached_per_case
def active(case: CaseFile) -> list[ExclusionEvidence]:
    """The records in force on the day of the action."""
    day = case.action.effective_date
    return [item for item in case.of(Exclusion) if is_active(item.fact, day)]


def shared_identifier(record: Exclusion, uei: str | None, cages: Iterable[str]) -> str | None:
    """The identifier a record has in common with a vendor, its further locations included: "UEI …" or "CAGE …"."""
    ueis = {identifier(code) for code in (record.uei, *record.other_ueis)} - {None}
    if identifier(uei) in ueis:
        return f"UEI {identifier(uei)}"
    codes = {identifier(code) for code in (record.cage, *record.other_cages)} - {None}
    shared = sorted(codes & {identifier(cage) for cage in cages} - {None}, key=str)
    return f"CAGE {shared[0]}" if shared else None


def about(
    case: CaseFile, party: Party, records: Sequence[ExclusionEvidence]
) -> list[tuple[ExclusionEvidence, str]]:
    """Those records that carry an identifier of this vendor, each with the identifier."""
    if not records:
        return []
    cages = cages_of(case, party)
    hits = ((record, shared_identifier(record.fact, party[0].uei, cages)) for record in records)
    return [(record, shared) for record, shared in hits if shared]


def is_restriction(record: Exclusion) -> bool:
    """A prohibition or restriction, whose terms say what it covers, and not an ineligibility."""
    return normalised(record.exclusion_type).startswith("PROHIBITION")


def limited_to(record: Exclusion) -> str | None:
    """Why a record need not bar the firm from contracts, by its own type and program; None where it does bar it."""
    if (record.ct_code or "").strip().upper() == "H":
        return "cause-and-treatment code H bars a facility, not the firm as such"
    if normalised(record.program) in {"NONPROCUREMENT", "NON PROCUREMENT"}:
        return "its program is NonProcurement, which is about assistance"
    if is_restriction(record):
        return "a prohibition or restriction bars what its terms say, see E05"
    if normalised(record.exclusion_type).startswith("VOLUNTARY"):
        return "a voluntary exclusion bars what the agreement says"
    return None


def written(record: Exclusion) -> str:
    """Name, identifiers, type, program, agency, period and remarks of a record on one line."""
    identifiers = ", ".join(filter(None, (record.uei, record.cage))) or "no identifier"
    remarks = f"; remarks: {record.comments[:_TEXT]}" if record.comments else ""
    return (
        f"{record.name or 'a party without a name'} ({identifiers}): {record.exclusion_type}, {record.program}, {record.agency},"
        f" {'; '.join(map(_times, record.periods))}{remarks}"
    )


def _times(period: Period) -> str:
    return f"since {period.activated or 'a day not stated'}, until {period.terminated or 'further notice'}"
