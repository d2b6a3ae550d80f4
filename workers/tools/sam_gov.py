"""SAM.gov: is each vendor registered, and until when?  Shapes follow Entity Management API v4."""

from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, Field

from app.domain.casefile import Source
from app.domain.facts import Registration
from app.domain.procurement import ProcurementAction
from workers.grants import SignedToken
from workers.http_client import HttpClient, whole
from workers.tool import HttpTool, Stated


class _Registration(BaseModel):
    uei: str = Field(alias="ueiSAM")
    legal_name: str = Field(alias="legalBusinessName")
    status: str = Field(alias="registrationStatus")
    expires: date | None = Field(default=None, alias="registrationExpirationDate")


class _Entity(BaseModel):
    registration: _Registration = Field(alias="entityRegistration")


class _Entities(BaseModel):
    total: int = Field(alias="totalRecords")
    entities: list[_Entity] = Field(alias="entityData")


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[Stated]:
    """One request for all vendors: the service takes up to 100 UEIs at once, and each request counts."""
    answer = client.get(
        "/entity-information/v4/entities",
        {
            "ueiSAM": f"[{'~'.join(vendor.uei for vendor in action.vendors)}]",
            "includeSections": "entityRegistration,coreData",
            "page": "0",
            "size": "10",
        },
    )
    page = answer.parse(_Entities)
    for entity in whole(page.entities, total=page.total):
        seen = entity.registration
        fact = Registration(
            uei=seen.uei, legal_name=seen.legal_name, status=seen.status, expires=seen.expires
        )
        yield Stated(seen.uei, fact, answer.call_id)


TOOL = HttpTool(
    source=Source.SAM_GOV,
    grant=SignedToken(role="sam-gov", scope="entity:read"),
    address="sam_gov_url",
    look_up=look_up,
)
