"""Contract management: what was reported for this contract?  Shapes follow SAM.gov Contract Awards API v1."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from app.procurement.action import ProcurementAction
from app.procurement.contract_facts import ReportedAction
from app.procurement.instrument_numbers import series
from app.procurement.systems import Source, system_of
from workers.paging import all_rows
from workers.payloads.awards import Awards
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, SourcedFact

_PAGES = 10


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[SourcedFact]:
    """The award and all its modifications, so that gaps show; for an order also its vehicle.

    Where numbers are missing, reports deleted in the last six months are read as well: they can explain the gap. The
    service answers 204 when there is nothing.
    """
    numbers = [action.modification_number]
    own, *vehicle = questions(action)
    for key, report, call_id in _reports(client, own):
        numbers.append(report.modification)
        yield SourcedFact(key, report, call_id)
    for question in vehicle:
        yield from (SourcedFact(*report) for report in _reports(client, question))
    if leaves_out(numbers):
        for key, report, call_id in _reports(client, {**own, "deletedStatus": "yes"}):
            yield SourcedFact(f"{key} (deleted)", replace(report, status="deleted"), call_id)


def leaves_out(numbers: Iterable[str]) -> bool:
    """Whether a series of modification numbers has a gap between those given."""
    places: defaultdict[str, set[int]] = defaultdict(set)
    for letters, place in filter(None, map(series, numbers)):
        places[letters].add(place)
    return any(max(numbers) - min(numbers) >= len(numbers) for numbers in places.values())


def _reports(client: HttpClient, question: Mapping[str, str]) -> Iterator[tuple[str, ReportedAction, UUID]]:
    """Each report under its own key, and the call that brought it."""
    for award, call_id in all_rows(
        client,
        "/contract-awards/v1/search",
        {**question, "limit": "100"},
        page=Awards,
        number="offset",
        size=100,
        most=_PAGES,
        empty_is_204=True,
    ):
        fact = award.to_fact()
        suffix = "" if fact.transaction == "0" else f"/{fact.transaction}"
        yield f"{fact.piid}/{fact.modification}{suffix}", fact, call_id


def questions(action: ProcurementAction) -> Iterator[Mapping[str, str]]:
    """The queries. An order's number is unique only with its vehicle's."""
    if action.referenced_idv is None:
        yield {"piid": action.piid}
    else:
        yield {"piid": action.piid, "referencedIdvPiid": action.referenced_idv}
        yield {"piid": action.referenced_idv}


TOOL = HttpTool(record=system_of(Source.CONTRACTS), look_up=look_up)
