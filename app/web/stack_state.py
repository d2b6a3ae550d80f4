"""What the state page says of the parts of the stack."""

from dataclasses import dataclass
from enum import StrEnum

from app.procurement.daily_quota import QuotaDay
from app.review.queries import QueueState


class Condition(StrEnum):
    """What was seen of a part."""

    UP = "up"
    DEGRADED = "not ready"
    DOWN = "no answer"
    UNKNOWN = "not looked at"


@dataclass(frozen=True, kw_only=True, slots=True)
class PartState:
    """One part of the stack at one moment."""

    name: str
    address: str
    condition: Condition
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StackState:
    """All parts, and the queue and the day's quota where the database answered."""

    parts: tuple[PartState, ...]
    queue: QueueState | None
    quota: QuotaDay | None
