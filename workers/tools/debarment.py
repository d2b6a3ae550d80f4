"""Debarment: is any vendor excluded, by identifier or by name?  Shapes follow SAM.gov Exclusions API v4.

Only owners and predecessors that the action names are looked up: the entity service knows others, but tools do not wait
for each other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from app.procurement.action import ProcurementAction
from app.procurement.case_file import Question
from app.procurement.names import written_one_way
from app.procurement.rules.support.vendor_identity import identifier
from app.procurement.systems import Source, system_of
from workers.asking import ask_each, text_at, unread
from workers.paging import all_rows
from workers.payloads.exclusions import ExclusionRecord, Exclusions
from workers.payloads.rows import read_row
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, LookedUp, SourcedFact

_PAGES = 10


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[LookedUp]:
    """One request for all UEIs, one for all CAGE codes, one for each name; a record found twice is yielded once.

    What is found by an identifier stands, whatever the searches by name bring.
    """
    seen: set[object] = set()
    return ask_each(
        (_in_words(action, question), partial(_records, client, action, question, seen))
        for question in questions(action)
    )


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


def _in_words(action: ProcurementAction, question: Mapping[str, str]) -> Question:
    """Where no record carries a vendor's UEI, only the question by UEI can say so."""
    ((kind, value),) = question.items()
    if kind == "ueiSAM":
        return Question("records by UEI", frozenset(vendor.uei for vendor in action.vendors))
    return Question("records by CAGE code" if kind == "cageCode" else f"records by name: {value}")


def _records(
    client: HttpClient, action: ProcurementAction, question: Mapping[str, str], seen: set[object]
) -> Iterator[LookedUp]:
    vendors = {identifier(vendor.uei): vendor.uei for vendor in action.vendors}
    for raw, call_id in all_rows(
        client,
        "/entity-information/v4/exclusions",
        {**question, "size": "10"},
        page=Exclusions,
        number="page",
        size=10,
        most=_PAGES,
    ):
        record, odd = read_row(ExclusionRecord, raw)
        fact = record.to_fact() if record else None
        # The same record comes again for each question it fits.
        known = fact or repr(raw)
        if known in seen:
            continue
        seen.add(known)
        own = fact.uei if fact else text_at(raw, "exclusionIdentification", "ueiSAM")
        uei = vendors.get(identifier(own))
        key = own or (fact.name if fact else "") or "a record without a name"
        if fact:
            yield SourcedFact(key, fact, call_id)
        # A name that is like a vendor's is no vendor's record yet: what can be read of it is enough.
        if uei or fact is None or "exclusionName" not in question:
            yield from unread(odd, call_id, record=key, uei=uei, is_lost=fact is None)


TOOL = HttpTool(record=system_of(Source.DEBARMENT), look_up=look_up)
