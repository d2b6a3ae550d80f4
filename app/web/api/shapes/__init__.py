"""The JSON of the API, as Pydantic models. Responses and the OpenAPI document are generated from them.

Identifiers are strings, money is a string with two decimals, times are UTC in RFC 3339 format.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
)
from pydantic_core import core_schema

from app.procurement.labels import without_unseen
from app.web.list_queries import LONGEST, MOST_DAYS

Item = TypeVar("Item")
_DATED = re.compile(r"\d{4}-\d\d-\d\dT", re.ASCII)


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def _seen(text: str) -> str:
    if without_unseen(text) != text:
        raise ValueError("has invisible characters")
    return text


def _dated(text: str) -> str:
    # Pydantic takes a number for seconds since 1970.
    if not _DATED.match(text):
        raise ValueError("is not a time such as 2026-11-29T14:00:00Z")
    return text


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these texts: a `Literal` with values computed at import."""

    known: tuple[str, ...]

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.known))


#: A time, converted to UTC.
UtcTime = Annotated[datetime, AfterValidator(_utc)]
#: A time in a query, with its offset.
QueryTime = Annotated[AwareDatetime, BeforeValidator(_dated)]
#: A search text.
Sought = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(_seen)]

#: A number of days to look back.
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


class Shape(BaseModel):
    """Part of a response, made from attributes of rows and domain objects."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class RequestModel(BaseModel):
    """Part of a request; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(RequestModel):
    """An operation without query parameters."""


class Paged(RequestModel):
    """Pagination of a list."""

    limit: int = Field(default=50, ge=1, le=200, description="The most items per page.")
    after: Sought | None = Field(
        default=None, description="The cursor; follow `next` rather than building one."
    )


class Page(Shape, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(
        description="The address of the next page, without scheme and host; null at the end."
    )
