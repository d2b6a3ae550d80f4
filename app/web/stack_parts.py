"""The state of the stack's parts, as the state page shows it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from app.procurement.daily_quota import QuotaDay
from app.review.queries import QueueState


class Condition(StrEnum):
    """The condition of a part."""

    UP = "up"
    DEGRADED = "not ready"
    DOWN = "no answer"
    UNKNOWN = "not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class PartState:
    """One part of the stack when it was probed; `address` is host and port."""

    name: str
    address: str
    condition: Condition
    note: str

    @classmethod
    def at(cls, address: str | None, *, name: str, condition: Condition, note: str) -> Self:
        """The part at an address that may hold a user and a password."""
        shown = "" if address is None else urlsplit(address).netloc.rpartition("@")[2]
        return cls(name=name, address=shown, condition=condition, note=note)


@dataclass(frozen=True, kw_only=True, slots=True)
class StackState:
    """All parts; `queue` and `quota` are None if the database did not answer."""

    parts: tuple[PartState, ...]
    queue: QueueState | None
    quota: QuotaDay | None
