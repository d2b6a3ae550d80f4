"""SAM.gov: who is each vendor, registered until when, owned by whom?  Shapes follow Entity Management API v4."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from app.procurement.action import ProcurementAction
from app.procurement.systems import Source, system_of
from app.procurement.vendor_facts import HiddenEntities
from workers.paging import all_rows
from workers.payloads.entities import Entities, Entity, registration_of
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, SourcedFact

_PAGES = 20
_SECTIONS = "entityRegistration,coreData,assertions,integrityInformation"


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[SourcedFact]:
    """One request for all vendors: the service takes up to 100 UEIs at once, and each request counts.

    Vendors without a registration are looked up once more, in one request: they may have an identifier only.
    """
    ueis = sorted({vendor.uei for vendor in action.vendors})
    seen: set[str] = set()
    hidden: list[UUID] = []
    for registered in ("Yes", "No"):
        missing = [uei for uei in ueis if uei not in seen]
        if not missing:
            break
        for entity, call_id in _entities(client, missing, registered=registered):
            if entity.registration is None:
                hidden.append(call_id)
                continue
            fact = registration_of(entity, entity.registration)
            seen.add(fact.uei)
            yield SourcedFact("/".join(filter(None, (fact.uei, fact.eft_indicator))), fact, call_id)
    if hidden:
        yield SourcedFact("opted out", HiddenEntities(rows=len(hidden)), hidden[0])


def _entities(client: HttpClient, ueis: Iterable[str], *, registered: str) -> Iterator[tuple[Entity, UUID]]:
    return all_rows(
        client,
        "/entity-information/v4/entities",
        {
            "ueiSAM": f"[{'~'.join(ueis)}]",
            "samRegistered": registered,
            "includeSections": _SECTIONS,
            "proceedingsData": "Yes",
            "size": "10",
        },
        page=Entities,
        number="page",
        size=10,
        most=_PAGES,
    )


TOOL = HttpTool(record=system_of(Source.SAM_GOV), look_up=look_up)
