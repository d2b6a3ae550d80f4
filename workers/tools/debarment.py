"""Debarment: is any vendor excluded, by identifier or by name?  Shapes follow SAM.gov Exclusions API v4.

Only owners and predecessors that the action names are looked up: the entity service knows others, but tools do not wait
for each other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from app.procurement.action import ProcurementAction
from app.procurement.names import written_one_way
from app.procurement.rules.support.vendor_identity import identifier
from app.procurement.systems import Source, system_of
from workers.paging import all_rows
from workers.payloads.exclusions import ExclusionRecord, Exclusions
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, SourcedFact

_PAGES = 10


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[SourcedFact]:
    """One request for all UEIs, one for all CAGE codes, one for each name; a record found twice is yielded once."""
    seen: set[object] = set()
    for question in questions(action):
        for record, call_id in _records(client, question):
            fact = record.to_fact()
            if fact not in seen:
                seen.add(fact)
                yield SourcedFact(fact.uei or fact.name, fact, call_id)


def questions(action: ProcurementAction) -> Iterator[Mapping[str, str]]:
    """The queries in order, identifiers first. A record need not have a UEI, and may have another name."""
    yield {"ueiSAM": _any_of(vendor.uei for vendor in action.vendors)}
    cages = [cage for vendor in action.vendors if (cage := identifier(vendor.cage))]
    if cages:
        yield {"cageCode": _any_of(cages)}
    names = dict.fromkeys(searched(vendor.name) for vendor in action.vendors)
    yield from ({"exclusionName": name} for name in names if name)


def _any_of(codes: Iterable[str]) -> str:
    return f"[{'~'.join(sorted(set(codes)))}]"


def searched(name: str) -> str:
    """The words to search for. The service wants all of them, in any order.

    Its forbidden characters go. So do THE, a legal form, initials and words that are often abbreviated, while others are
    left: a record that writes them otherwise would not be found.
    """
    words = re.sub(r"[^\w'’.-]+", " ", name.upper()).split()
    words = [word for each in words if (word := each.strip(".-'’"))]
    return " ".join(written_one_way(words) or words)


def _records(client: HttpClient, question: Mapping[str, str]) -> Iterator[tuple[ExclusionRecord, UUID]]:
    return all_rows(
        client,
        "/entity-information/v4/exclusions",
        {**question, "size": "10"},
        page=Exclusions,
        number="page",
        size=10,
        most=_PAGES,
    )


TOOL = HttpTool(record=system_of(Source.DEBARMENT), look_up=look_up)
