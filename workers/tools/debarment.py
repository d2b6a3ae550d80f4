"""Debarment: is any vendor excluded?  Shapes follow SAM.gov Exclusions API v4, with its MM-DD-YYYY dates."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from app.domain.casefile import Source
from app.domain.facts import Exclusion
from app.domain.procurement import ProcurementAction
from workers.grants import SignedToken
from workers.http_client import HttpClient, whole
from workers.tool import HttpTool, Stated


def _month_first(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return datetime.strptime(value, "%m-%d-%Y").date()  # noqa: DTZ007  # a date
    except ValueError:
        # Python's own text would repeat the value, and this one ends up on a page.
        raise ValueError("is not a date (MM-DD-YYYY)") from None


MonthFirst = Annotated[date, BeforeValidator(_month_first)]


class _Details(BaseModel):
    exclusion_type: str = Field(alias="exclusionType")
    program: str = Field(alias="exclusionProgram")
    agency: str = Field(alias="excludingAgencyName")


class _Identification(BaseModel):
    uei: str | None = Field(default=None, alias="ueiSAM")
    name: str = Field(alias="entityName")


class _Action(BaseModel):
    activated: MonthFirst = Field(alias="activateDate")
    terminated: MonthFirst | None = Field(default=None, alias="terminationDate")


class _Actions(BaseModel):
    listed: list[_Action] = Field(alias="listOfActions", min_length=1)


class _Record(BaseModel):
    details: _Details = Field(alias="exclusionDetails")
    identification: _Identification = Field(alias="exclusionIdentification")
    actions: _Actions = Field(alias="exclusionActions")


class _Exclusions(BaseModel):
    total: int = Field(alias="totalRecords")
    records: list[_Record] = Field(alias="excludedEntity")


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[Stated]:
    """One request for all vendors by UEI."""
    answer = client.get(
        "/entity-information/v4/exclusions",
        {"ueiSAM": f"[{'~'.join(vendor.uei for vendor in action.vendors)}]", "page": "0", "size": "10"},
    )
    page = answer.parse(_Exclusions)
    for record in whole(page.records, total=page.total):
        if record.identification.uei is None:
            continue  # Persons and vessels carry none; this question was about the vendors' identifiers.
        latest = record.actions.listed[-1]
        fact = Exclusion(
            uei=record.identification.uei,
            name=record.identification.name,
            exclusion_type=record.details.exclusion_type,
            program=record.details.program,
            agency=record.details.agency,
            activated=latest.activated,
            terminated=latest.terminated,
        )
        yield Stated(fact.uei, fact, answer.call_id)


TOOL = HttpTool(
    source=Source.DEBARMENT,
    grant=SignedToken(role="debarment", scope="exclusions:read"),
    address="debarment_url",
    look_up=look_up,
)
