"""The vendors of an action: identifiers, registration rows, names and addresses."""

from collections import defaultdict
from functools import lru_cache

from app.procurement.action import Vendor, VendorRole
from app.procurement.case_file import CaseFile, EvidenceOf, cached_per_case, cached_per_case_and_key
from app.procurement.facts import Address
from app.procurement.names import normalised
from app.procurement.rules.support.value_text import listed
from app.procurement.vendor_facts import Registration

Party = tuple[Vendor, ...]

#: What people enter in place of an identifier they do not have, without punctuation.
_NO_IDENTIFIER = frozenset(
    {"", "NA", "NONE", "NULL", "NOTAPPLICABL", "N0TAPPLICABL", "NOTAPPLICABLE", "UNKNOWN"}
)

#: Purposes of registration that do not cover contracts: assistance, or transfers between agencies.
NOT_FOR_CONTRACTS = {
    "Z1": "federal assistance only",
    "Z3": "transfers between agencies only",
    "Z4": "federal assistance and transfers between agencies only",
}
#: Longer texts are not identifiers and are not cached.
_LONGEST = 64


def identifier(text: str | None) -> str | None:
    """A UEI or CAGE in the form used for comparison; None if it is not one, such as "N/A" or zeros."""
    return _plain(text or "") if len(text or "") <= _LONGEST else _plain.__wrapped__(text or "")


# The same identifiers come back with each rule and each run; a text of any length would fill the memory.
@lru_cache(maxsize=4096)
def _plain(text: str) -> str | None:
    plain = "".join(char for char in text.upper() if char.isalnum())
    return None if plain in _NO_IDENTIFIER or not plain.strip("0") else plain


@cached_per_case
def parties_but_owners(case: CaseFile) -> list[Party]:
    """The vendors that perform work; an owner needs no registration."""
    owner = VendorRole.OWNER
    return [party for party in case.action.parties if any(vendor.role is not owner for vendor in party)]


def roles(party: Party) -> str:
    """Such as prime, or owner and prime where a firm is named twice."""
    return listed(sorted({vendor.role.value for vendor in party}), last="and")


@cached_per_case
def _rows_by_uei(case: CaseFile) -> dict[str | None, list[EvidenceOf[Registration]]]:
    rows: defaultdict[str | None, list[EvidenceOf[Registration]]] = defaultdict(list)
    for row in case.of(Registration):
        rows[identifier(row.fact.uei)].append(row)
    return rows


def rows_of(case: CaseFile, uei: str) -> list[EvidenceOf[Registration]]:
    """The registration rows of a UEI; there can be several, one for each payment account."""
    return _rows_by_uei(case).get(identifier(uei), [])


def is_registered(registration: Registration) -> bool:
    """Whether a row is more than an identifier that was assigned."""
    return registration.registered and registration.status != "ID Assigned"


@cached_per_case_and_key
def cages_of(case: CaseFile, party: Party) -> frozenset[str]:
    """The CAGE codes the action and SAM.gov give for a vendor."""
    stated = [vendor.cage for vendor in party] + [row.fact.cage for row in rows_of(case, party[0].uei)]
    return frozenset(cage for cage in map(identifier, stated) if cage)


@cached_per_case_and_key
def names_of(case: CaseFile, party: Party) -> tuple[str, ...]:
    """The names a vendor goes by, in the action and in SAM.gov, each once."""
    rows = rows_of(case, party[0].uei)
    names = [vendor.name for vendor in party]
    names += [name for row in rows for name in (row.fact.legal_name, row.fact.dba_name) if name]
    return tuple({normalised(name): name for name in sorted(names, reverse=True)}.values())


@cached_per_case_and_key
def addresses_of(case: CaseFile, uei: str) -> list[Address]:
    """The physical addresses SAM.gov has for a UEI."""
    return [row.fact.address for row in rows_of(case, uei) if row.fact.address is not None]
