"""Contract management: what was reported for this action?  Shapes follow SAM.gov Contract Awards API v1."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, Field

from app.domain.casefile import Source
from app.domain.facts import ReportedAction
from app.domain.procurement import ProcurementAction
from workers.grants import ApiKey
from workers.http_client import HttpClient, whole
from workers.tool import HttpTool, Money, Stated


class _ContractId(BaseModel):
    piid: str
    modification: str = Field(alias="modificationNumber")


class _Dates(BaseModel):
    signed: datetime | None = Field(default=None, alias="dateSigned")


class _Dollars(BaseModel):
    obligated: Money = Field(alias="actionObligation")


class _Details(BaseModel):
    dates: _Dates
    dollars: _Dollars


class _Award(BaseModel):
    contract_id: _ContractId = Field(alias="contractId")
    details: _Details = Field(alias="awardDetails")


class _Awards(BaseModel):
    total: int = Field(alias="totalRecords")
    awards: list[_Award] = Field(alias="awardSummary")


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[Stated]:
    """The report of this award or modification. The service answers 204 when there is none."""
    answer = client.get(
        "/contract-awards/v1/search",
        {
            "piid": action.piid,
            "modificationNumber": action.modification_number,
            "limit": "100",
            "offset": "0",
        },
    )
    if answer.body is None:
        return
    page = answer.parse(_Awards)
    for award in whole(page.awards, total=page.total):
        signed = award.details.dates.signed
        fact = ReportedAction(
            piid=award.contract_id.piid,
            modification=award.contract_id.modification,
            obligated=award.details.dollars.obligated,
            signed=signed.date() if signed else None,
        )
        yield Stated(f"{fact.piid}/{fact.modification}", fact, answer.call_id)


TOOL = HttpTool(
    source=Source.CONTRACTS,
    grant=ApiKey(role="contracts", scope="contracts:read"),
    address="contracts_url",
    look_up=look_up,
)
