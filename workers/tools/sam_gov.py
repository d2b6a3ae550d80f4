"""SAM.gov: who is each vendor, registered until when, owned by whom?  Shapes follow Entity Management API v4."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from app.procurement.action import ProcurementAction
from app.procurement.case_file import Question
from app.procurement.rules.support.vendor_identity import identifier
from app.procurement.systems import Source, system_of
from app.procurement.vendor_facts import HiddenEntity, Registration
from workers.asking import Asked, ask_each, text_at, unread
from workers.paging import all_rows
from workers.payloads.entities import Entities, Entity, registration_of
from workers.payloads.hidden_entities import HiddenRow, is_hidden
from workers.payloads.rows import OddValue, read_row
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, LookedUp, SourcedFact

_PAGES = 20
_STATUS = "entityRegistration.registrationStatus"
_SECTIONS = "entityRegistration,coreData,assertions,integrityInformation"


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[LookedUp]:
    """One request for all vendors: the service takes up to 100 UEIs at once, and each request counts.

    Vendors without a registration are looked up once more, in one request: they may have an identifier only.
    """
    return ask_each(_questions(client, sorted({vendor.uei for vendor in action.vendors})))


def _questions(client: HttpClient, ueis: Sequence[str]) -> Iterator[Asked]:
    seen: set[str] = set()
    registered = partial(_entities, client, ueis, seen, registered="Yes")
    yield Question("which vendors are registered", frozenset(ueis)), registered
    if missing := [uei for uei in ueis if uei not in seen]:
        # That they are not registered is known by now.
        assigned = partial(_entities, client, missing, seen, registered="No")
        yield Question(f"whether {' and '.join(missing)} have an identifier only"), assigned


def _entities(
    client: HttpClient, ueis: Sequence[str], seen: set[str], *, registered: str
) -> Iterator[LookedUp]:
    """What a question brings; the UEI of each row is added to `seen`."""
    for raw, call_id in all_rows(
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
    ):
        fact, odd = _read(raw)
        uei = fact.uei if fact else identifier(text_at(raw, "entityRegistration", "ueiSAM"))
        suffix = fact.eft_indicator if isinstance(fact, Registration) else None
        key = "/".join(filter(None, (uei or "a row without a UEI", suffix)))
        if uei:
            seen.add(uei)
        if fact:
            yield SourcedFact(key, fact, call_id)
        yield from unread(odd, call_id, record=key, uei=uei, is_lost=fact is None)


def _read(raw: Any) -> tuple[Registration | HiddenEntity | None, Sequence[OddValue]]:
    if is_hidden(raw):
        hidden, odd = read_row(HiddenRow, raw)
        return (hidden.to_fact() if hidden else None), odd
    entity, odd = read_row(Entity, raw)
    if entity is None:
        return None, odd
    fact = registration_of(entity)
    if fact.status is None and not any(each.field == _STATUS for each in odd):
        odd = (*odd, OddValue(_STATUS, "missing"))
    return fact, odd


TOOL = HttpTool(record=system_of(Source.SAM_GOV), look_up=look_up)
