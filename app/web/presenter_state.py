"""What the presenter's process shows: what is under way, and what came of earlier orders."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class UnderWay(_Shown):
    """An order that is being carried out: what, by whom, since when, and the last lines of its progress."""

    act: str
    what: str
    by: str
    began: datetime
    lines: tuple[str, ...] = ()


class Unfinished(UnderWay):
    """An order of which nothing came, with the reason."""

    ended: datetime
    problem: str


class AttackLine(_Shown):
    """The vault's own line about an attempt."""

    request_id: str
    operation: str
    path: str
    refused: bool
    error: str | None


class Raised(_Shown):
    """An alarm; `alarm_id` is None if it was raised in a copy."""

    alarm_id: str | None
    kind: str
    detail: str


class AttackOutcome(_Shown):
    """How an attack ended when it was last carried out. Times in seconds."""

    verdict: str
    at: datetime
    works: str
    observed: str
    vault_line: AttackLine | None
    alarm: Raised | None
    seconds_to_refusal: float | None
    seconds_to_alarm: float | None


class RehearsedAttack(_Shown):
    """One attack that can be carried out."""

    name: str
    tries: str
    expected: str
    on_copy: bool
    outcome: AttackOutcome | None


class LivesGroup(_Shown):
    """How many credentials lived that many seconds at most; None is the open end."""

    up_to_seconds: float | None
    leased: int
    signed_tokens: int


class SideTotals(_Shown):
    """Credentials on each of the three sides, and what is left over without an explanation."""

    issued: int
    used: int
    recorded: int
    unexplained: int
    missing: tuple[str, ...]


class DayFigures(_Shown):
    """The figures of a day, of those that `triage day --json` writes."""

    began: datetime
    runs: int
    outcomes: Mapping[str, int]
    credentials: Mapping[str, Any]
    ends: Mapping[str, Any]
    seconds_from_run_end_to_confirmed_death: Mapping[str, Mapping[str, float] | None]
    seconds_from_run_start_to_death: Mapping[str, Mapping[str, float] | None]
    lives: tuple[LivesGroup, ...]
    alarms: Mapping[str, int]
    sam_gov_quota: Mapping[str, Any]
    wall_seconds: float
    runs_per_second: float
    sides: SideTotals
    failures: tuple[str, ...]
    verdict: str


class KeptDay(_Shown):
    """A day that was done: its number, who ordered it, its figures, and the whole document."""

    number: int
    by: str
    report: Mapping[str, Any]

    @cached_property
    def figures(self) -> DayFigures:
        """The figures of the document. Raises `ValidationError`."""
        return DayFigures.model_validate(self.report)


def _readable(days: Sequence[object]) -> list[KeptDay]:
    """Without what another version has kept."""
    found = []
    for each in days:
        with suppress(ValidationError):
            day = KeptDay.model_validate(each)
            if day.figures:
                found.append(day)
    return found


class Compared(_Shown):
    """The last comparison of static keys with the pattern, with the document that the benchmark writes."""

    by: str
    report: Mapping[str, Any]


class Refusal(_Shown):
    """Why an order was not taken."""

    problem: str


class PresenterState(_Shown):
    """What is under way, and what came of the orders before."""

    under_way: UnderWay | None
    problem: Unfinished | None
    can_start_again: bool
    attacks: tuple[RehearsedAttack, ...]
    days: Annotated[tuple[KeptDay, ...], BeforeValidator(_readable)]
    compared: Compared | None
