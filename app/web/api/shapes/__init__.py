"""What goes in and out as JSON. Answers, and the document that describes them, are made from these models alone.

Identifiers are strings, money is a string with two decimals, times are UTC as RFC 3339 has them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import core_schema

from app.procurement.labels import without_unseen
from app.web.list_queries import LONGEST, MOST_DAYS

Item = TypeVar("Item")


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def _seen(text: str) -> str:
    if without_unseen(text) != text:
        raise ValueError("holds characters that cannot be seen")
    return text


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these texts: what `Literal` is for texts that are known when this module is written."""

    known: tuple[str, ...]

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.known))


#: A time, in UTC whatever zone it comes in.
UtcTime = Annotated[datetime, AfterValidator(_utc)]
#: Text somebody looks for.
Sought = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(_seen)]

#: So many days back.
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


class Shape(BaseModel):
    """Part of an answer, made from rows and domain objects by the names of their fields."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class RequestModel(BaseModel):
    """Part of a request; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(RequestModel):
    """Nothing stands behind the "?" of the address."""


class Paged(RequestModel):
    """Which part of a list."""

    limit: int = Field(default=50, ge=1, le=200, description="Items of one page, at most.")
    after: Sought | None = Field(
        default=None, description="Where to go on. Follow `next` rather than making one up."
    )


class Page(Shape, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(
        description="The address of the next page, without scheme and host; null at the end."
    )
