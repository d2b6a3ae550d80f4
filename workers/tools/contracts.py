"""Contract management: what was reported for this contract?  Shapes follow SAM.gov Contract Awards API v1."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.casefile import Source
from app.domain.facts import ReportedAction
from app.domain.procurement import ProcurementAction
from app.domain.rules.history import series
from workers.grants import ApiKey
from workers.http_client import HttpClient
from workers.paging import all_rows
from workers.payloads.awards import Awards
from workers.tool import HttpTool, Stated

_PAGES = 10


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[Stated]:
    """The award and all its modifications, so that gaps show; for an order also its vehicle.

    Where numbers are left out, reports deleted in the last six months are asked for, too: they can explain the gap. The
    service answers 204 when there is nothing.
    """
    numbers = [action.modification_number]
    own, *vehicle = questions(action)
    for question in (own, *vehicle):
        for stated in _reports(client, question):
            if question is own:
                numbers.append(stated.fact.modification)
            yield Stated(stated.record_key, stated.fact, stated.call_id)
    if leaves_out(numbers):
        for stated in _reports(client, {**own, "deletedStatus": "yes"}):
            deleted = replace(stated.fact, status="deleted")
            yield Stated(f"{stated.record_key} (deleted)", deleted, stated.call_id)


def leaves_out(numbers: Iterable[str]) -> bool:
    """Whether a series of modification numbers has a gap between those given."""
    places: defaultdict[str, set[int]] = defaultdict(set)
    for letters, place in filter(None, map(series, numbers)):
        places[letters].add(place)
    return any(max(each) - min(each) >= len(each) for each in places.values())


@dataclass(frozen=True, slots=True)
class _Report:
    """A report under its own key, and the call that brought it."""

    record_key: str
    fact: ReportedAction
    call_id: UUID


def _reports(client: HttpClient, question: Mapping[str, str]) -> Iterator[_Report]:
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
        yield _Report(f"{fact.piid}/{fact.modification}{suffix}", fact, call_id)


def questions(action: ProcurementAction) -> Iterator[Mapping[str, str]]:
    """What is asked. An order's number alone is not unique: it belongs to its vehicle's."""
    if action.referenced_idv is None:
        yield {"piid": action.piid}
    else:
        yield {"piid": action.piid, "referencedIdvPiid": action.referenced_idv}
        yield {"piid": action.referenced_idv}


TOOL = HttpTool(
    source=Source.CONTRACTS,
    grant=ApiKey(role="contracts", scope="contracts:read"),
    address="contracts_url",
    look_up=look_up,
)
