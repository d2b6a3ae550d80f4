"""The exposure of the same runs with static keys and with one credential for each run and system, as it was measured."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from app.procurement.systems import SYSTEMS

_SCOPES = {system.name: system.credential.scope for system in SYSTEMS}
_DAY = timedelta(days=1).total_seconds()
_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_Number = Annotated[int, Field(ge=0)]
_Seconds = Annotated[float, Field(ge=0)]


class MeasuredExposureError(ValueError):
    """Not a document of measured exposure; the text names each field and its value."""


@dataclass(frozen=True, kw_only=True, slots=True, config=_CONFIG)
class MeasuredHalf:
    """One half of the measurement. All times are in seconds.

    `seconds_at_risk` adds up the seconds from the issue of each credential to its end, until the theft; and
    `seconds_at_risk_to_the_end` until the last of them is dead: None if only a replacement ends them, as static keys.
    `reachable` are the systems that took what was stolen, each with the right it gave; `dead_after` is the time from the theft to
    the end of the last credential that was taken, None as above. `longest_life` of what has not ended is its age at the theft.
    """

    seconds: _Seconds
    credentials: _Number
    stolen: _Number
    accepted: _Number
    reachable: dict[str, str]
    seconds_at_risk: _Seconds
    seconds_at_risk_to_the_end: _Seconds | None
    longest_life: _Seconds
    dead_after: _Seconds | None

    def __post_init__(self) -> None:
        """Raises ValueError if the figures cannot be of one measurement."""
        for name, value, limit, most in (
            ("stolen", self.stolen, "credentials", self.credentials),
            ("accepted", self.accepted, "stolen", self.stolen),
            ("reachable", len(self.reachable), "accepted", self.accepted),
        ):
            if value > most:
                raise ValueError(f"{name} is {value}, more than the {most} of {limit}")
        for system, scope in self.reachable.items():
            if _SCOPES.get(system) != scope:
                raise ValueError(f"reachable names {system!r} with {scope!r}, which no system gives")

    @property
    def ends(self) -> bool:
        """Whether its credentials end without being replaced."""
        return self.dead_after is not None

    @property
    def time(self) -> timedelta:
        """From the request of the runs to the end of the last one."""
        return timedelta(seconds=self.seconds)

    @property
    def life(self) -> timedelta:
        """The longest life."""
        return timedelta(seconds=self.longest_life)

    @property
    def end(self) -> timedelta | None:
        """From the theft to the end of the last credential that was taken."""
        return None if self.dead_after is None else timedelta(seconds=self.dead_after)


@dataclass(frozen=True, kw_only=True, slots=True, config=_CONFIG)
class MeasuredExposure:
    """Both halves: the same `runs`, one after the other, on a stack that did nothing else."""

    measured_at: AwareDatetime
    runs: Annotated[int, Field(ge=1)]
    static_keys: MeasuredHalf
    short_lived: MeasuredHalf

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises MeasuredExposureError."""
        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            raise MeasuredExposureError("; ".join(_wrong(error))) from None

    def as_json(self) -> str:
        """The document that `from_json` reads."""
        return TypeAdapter(type(self)).dump_json(self, indent=2).decode()

    @property
    def systems(self) -> int:
        """The number of systems that each run asks."""
        return len(SYSTEMS)

    @property
    def static_in_a_day(self) -> float:
        """The credential-seconds of the static keys in a day, whatever runs."""
        return self.static_keys.credentials * _DAY

    @property
    def short_lived_in_a_run(self) -> float | None:
        """The credential-seconds that one run adds, to the end of its last credential."""
        whole = self.short_lived.seconds_at_risk_to_the_end
        return None if whole is None else whole / self.runs

    @property
    def equal_at(self) -> float | None:
        """The runs of a day at which both halves would count the same."""
        return self.static_in_a_day / self.short_lived_in_a_run if self.short_lived_in_a_run else None


def _wrong(error: ValidationError) -> list[str]:
    return [
        ": ".join(
            part
            for part in (
                ".".join(map(str, each["loc"])) or "the document",
                "" if isinstance(each["input"], dict) else _shown(each["input"]),
                each["msg"].removeprefix("Value error, "),
            )
            if part
        )
        for each in error.errors()
    ]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004  # characters: enough to find it
