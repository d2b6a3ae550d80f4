"""Contract management: what was reported for this contract?  Shapes follow SAM.gov Contract Awards API v1."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from app.procurement.action import ProcurementAction
from app.procurement.case_file import Question
from app.procurement.contract_facts import ReportedAction
from app.procurement.instrument_numbers import series
from app.procurement.systems import Source, system_of
from workers.asking import Asked, ask_each, text_at, unread
from workers.paging import all_rows
from workers.payloads.awards import Award, Awards
from workers.payloads.rows import read_row
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, LookedUp, SourcedFact

_PAGES = 10


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[LookedUp]:
    """The award and all its modifications, so that gaps show; for an order also its vehicle.

    Where numbers are missing, reports deleted in the last six months are read as well: they can explain the gap. The
    service answers 204 when there is nothing.
    """
    return ask_each(_asked(client, action))


def _asked(client: HttpClient, action: ProcurementAction) -> Iterator[Asked]:
    numbers = [action.modification_number]
    own, *vehicle = questions(action)
    yield Question(f"reports of {action.piid}"), partial(_own, client, own, numbers)
    for question in vehicle:
        yield Question(f"reports of {question['piid']}"), partial(_reports, client, question)
    if leaves_out(numbers):
        yield Question(f"deleted reports of {action.piid}"), partial(_deleted, client, own)


def _own(client: HttpClient, question: Mapping[str, str], numbers: list[str]) -> Iterator[SourcedFact]:
    """The reports of the contract; the number of each is added to `numbers`."""
    for stated in _reports(client, question):
        if isinstance(stated.fact, ReportedAction):
            numbers.append(stated.fact.modification)
        yield stated


def _deleted(client: HttpClient, question: Mapping[str, str]) -> Iterator[SourcedFact]:
    for stated in _reports(client, {**question, "deletedStatus": "yes"}):
        if isinstance(stated.fact, ReportedAction):
            deleted = replace(stated.fact, status="deleted")
            yield SourcedFact(f"{stated.record_key} (deleted)", deleted, stated.call_id)


def leaves_out(numbers: Iterable[str]) -> bool:
    """Whether a series of modification numbers has a gap between those given."""
    places: defaultdict[str, set[int]] = defaultdict(set)
    for letters, place in filter(None, map(series, numbers)):
        places[letters].add(place)
    return any(max(numbers) - min(numbers) >= len(numbers) for numbers in places.values())


def _reports(client: HttpClient, question: Mapping[str, str]) -> Iterator[SourcedFact]:
    """Each report under its own key, and what could not be read in it.

    All pages or none: half a history looks like one with gaps.
    """
    rows = all_rows(
        client,
        "/contract-awards/v1/search",
        {**question, "limit": "100"},
        page=Awards,
        number="offset",
        size=100,
        most=_PAGES,
        empty_is_204=True,
    )
    for raw, call_id in list(rows):
        award, odd = read_row(Award, raw)
        fact = award.to_fact() if award else None
        key = _key(fact) if fact else text_at(raw, "contractId", "piid") or "a report without a PIID"
        if fact:
            yield SourcedFact(key, fact, call_id)
        yield from unread(odd, call_id, record=key, is_lost=fact is None)


def _key(report: ReportedAction) -> str:
    suffix = "" if report.transaction == "0" else f"/{report.transaction}"
    return f"{report.piid}/{report.modification}{suffix}"


def questions(action: ProcurementAction) -> Iterator[Mapping[str, str]]:
    """The queries. An order's number is unique only with its vehicle's."""
    if action.referenced_idv is None:
        yield {"piid": action.piid}
    else:
        yield {"piid": action.piid, "referencedIdvPiid": action.referenced_idv}
        yield {"piid": action.referenced_idv}


TOOL = HttpTool(record=system_of(Source.CONTRACTS), look_up=look_up)
