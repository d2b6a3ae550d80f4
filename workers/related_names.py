"""The names and identifiers to search for once SAM.gov and the contract file have answered."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.procurement.action import ProcurementAction
from app.procurement.contract_facts import FiledDocument
from app.procurement.facts import Address
from app.procurement.names import names_on_one_line, normalised
from app.procurement.places import area
from app.procurement.rules.support.file_documents import INSTRUMENTS, persons_of
from app.procurement.rules.support.vendor_identity import identifier
from app.procurement.systems import Source
from app.procurement.vendor_facts import HiddenEntity, Owner, Registration
from workers.runtime.tool import FactsByTool

_UNITED_STATES = "USA"
_STATE, _COUNTRY = 2, 3


@dataclass(frozen=True, slots=True)
class Named:
    """A name to search for, and the parameters that narrow a search to where its bearer is."""

    name: str
    places: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Everything that stands behind an action's vendors: UEIs, CAGE codes and names, those of vendors first."""

    ueis: frozenset[str]
    cages: frozenset[str]
    names: tuple[Named, ...]


def related(action: ProcurementAction, facts: FactsByTool) -> Related:
    """What the action names, and what the answers add."""
    rows = [fact for fact in facts.get(Source.SAM_GOV.value, ()) if isinstance(fact, Registration)]
    hidden = [fact for fact in facts.get(Source.SAM_GOV.value, ()) if isinstance(fact, HiddenEntity)]
    owners = [owner for row in rows for owner in _behind(row)]
    return Related(
        ueis=_codes(*(vendor.uei for vendor in action.vendors), *(owner.uei for owner in owners)),
        cages=_codes(
            *(vendor.cage for vendor in action.vendors),
            *(row.cage for row in rows),
            *(owner.cage for owner in owners),
        ),
        names=tuple(_each_once(_names(action, rows, hidden, owners, facts))),
    )


def _names(
    action: ProcurementAction,
    rows: Sequence[Registration],
    hidden: Sequence[HiddenEntity],
    owners: Sequence[Owner],
    facts: FactsByTool,
) -> Iterator[Named]:
    addresses = defaultdict[str | None, list[Address | None]](list)
    for row in rows:
        addresses[identifier(row.uei)].append(row.address)
    places = {uei: _places(some) for uei, some in addresses.items()}
    for vendor in action.vendors:
        yield Named(vendor.name, places.get(identifier(vendor.uei), ()))
    for row in rows:
        for name in (row.legal_name, row.dba_name):
            if name:
                yield Named(name, places.get(identifier(row.uei), ()))
    yield from (Named(entity.legal_name) for entity in hidden if entity.legal_name)
    # Where an owner sits is not public.
    yield from (Named(owner.name) for owner in owners)
    of_prime = places.get(identifier(action.prime.uei), ())
    for document in facts.get(Source.DOCUMENTS.value, ()):
        if isinstance(document, FiledDocument) and document.doc_type in INSTRUMENTS:
            yield from (Named(person, of_prime) for person in persons_of(document))


def _behind(row: Registration) -> Iterator[Owner]:
    yield from (owner for owner in (row.immediate_owner, row.highest_owner) if owner is not None)
    yield from row.predecessors


def _codes(*stated: str | None) -> frozenset[str]:
    return frozenset(code for each in stated if (code := identifier(each)))


def _each_once(names: Iterable[Named]) -> Iterator[Named]:
    """Each name of a line with several, where it comes first."""
    seen = set[str]()
    for named in names:
        for name in names_on_one_line(named.name):
            if normalised(name) not in seen:
                seen.add(normalised(name))
                yield Named(name, named.places)


def _places(addresses: Iterable[Address | None]) -> tuple[Mapping[str, str], ...]:
    """The service takes states of the United States and other countries, both by code."""
    places = list[Mapping[str, str]]()
    for country, state in dict.fromkeys(area(address) for address in addresses if address):
        if country in {"", _UNITED_STATES}:
            place = {"stateProvince": state} if len(state) == _STATE else {}
        else:
            place = {"country": country} if len(country) == _COUNTRY else {}
        if place and place not in places:
            places.append(place)
    return tuple(places)
