"""Orders of a presenter: what each may hold, and the command that carries it out."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from rehearsals.catalog import BY_NAME

#: The most runs of one order.
MOST_RUNS = 400
#: Characters of a person's name.
_NAME = 200


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    by: str = Field(min_length=1, max_length=_NAME)
    """Who ordered it, as the pages show it."""


class Rehearse(_Order):
    """Rehearse these attacks; without names all of them."""

    act: Literal["rehearse"]
    attacks: tuple[str, ...] = Field(default=(), strict=False)

    @field_validator("attacks")
    @classmethod
    def _known(cls, attacks: tuple[str, ...]) -> tuple[str, ...]:
        for name in attacks:
            if name not in BY_NAME:
                raise ValueError(f"{name!r} is no attack")
        return attacks

    def command(self, result: Path) -> list[str]:
        """The command, which writes its JSON document to standard output."""
        del result
        return _module("rehearsals", "--json", *(self.attacks or ("--all",)))

    def __str__(self) -> str:
        if not self.attacks:
            return f"all {len(BY_NAME)} rehearsed attacks"
        return f"rehearsed attack {', '.join(self.attacks)}"


class Day(_Order):
    """Do a day's work of so many runs."""

    act: Literal["day"]
    runs: int = Field(ge=1, le=MOST_RUNS)

    def command(self, result: Path) -> list[str]:
        """The command, which writes its JSON document to `result`."""
        return _module("app.cli.main", "day", "--runs", str(self.runs), "--json", str(result))

    def __str__(self) -> str:
        return f"a day of {self.runs} runs"


class Compare(_Order):
    """Do so many runs with static keys and with the pattern, and steal from both."""

    act: Literal["compare"]
    runs: int = Field(ge=1, le=MOST_RUNS)

    def command(self, result: Path) -> list[str]:
        """The command, which writes its JSON document to standard output."""
        del result
        return _module("benchmarks.static_exposure", "--runs", str(self.runs), "--json")

    def __str__(self) -> str:
        return f"{self.runs} runs with static keys and {self.runs} without"


class Slow(_Order):
    """Slow down the answers of all tools for a while."""

    act: Literal["slow"]


class Reset(_Order):
    """Start the demo anew, with empty records and logs."""

    act: Literal["reset"]


class LongOrder(Protocol):
    """An order that takes a while: one at a time."""

    @property
    def act(self) -> str: ...

    @property
    def by(self) -> str: ...

    def command(self, result: Path) -> Sequence[str]: ...


Order = Annotated[Rehearse | Day | Compare | Slow | Reset, Field(discriminator="act")]


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]
