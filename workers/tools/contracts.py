"""Contract management: what was reported for this contract?  Shapes follow SAM.gov Contract Awards API v1."""

from collections.abc import Iterator, Mapping

from app.domain.casefile import Source
from app.domain.procurement import ProcurementAction
from workers.grants import ApiKey
from workers.http_client import HttpClient
from workers.paging import all_rows
from workers.payloads.awards import Awards
from workers.tool import HttpTool, Stated

_PAGES = 10


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[Stated]:
    """The award and all its modifications, so that gaps show; for an order also its vehicle.

    The service answers 204 when there is nothing.
    """
    for question in questions(action):
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
            yield Stated(f"{fact.piid}/{fact.modification}{suffix}", fact, call_id)


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
