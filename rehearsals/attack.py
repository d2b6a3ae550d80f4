"""One rehearsed attack, and the account that it gives of itself while it is carried out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.credentials.vault_line import AuditLine

if TYPE_CHECKING:
    from rehearsals.scene import Scene


class SucceededError(Exception):
    """The attack was not stopped. The text says what it reached."""


class UnprovenError(Exception):
    """Nothing can be said about the attack: what it needs did not work even where it should, or did not come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack:
    """What is tried, and how it must end.

    `alarms` are kinds of which one must be raised; without any, the refusal is the whole defence. `may_raise` are kinds
    about no run that it raises as well. `on_copy`: it changes what it touches, so it acts on a disposable copy.
    """

    name: str
    tries: str
    expected: str
    act: Callable[["Scene", "Account"], None]
    alarms: tuple[str, ...] = ()
    may_raise: tuple[str, ...] = ()
    on_copy: bool = False


@dataclass(slots=True)
class Account:
    """What was seen while one attack was carried out.

    `began` is the database's time; `log_place` the byte of the vault's log at which its lines begin. `seconds`: from the
    attempt to the refusal, or to the end of what was stolen. `runs` are those that the attack used, `invented` those
    that it named and that never were.
    """

    began: datetime
    log_place: int
    works: str = ""
    observed: str = ""
    seconds: float | None = None
    line: AuditLine | None = None
    runs: list[UUID] = field(default_factory=list)
    invented: list[UUID] = field(default_factory=list)
    alarm: "RaisedAlarm | None" = None
    _started: float | None = None
    _opened: float = field(default_factory=time.monotonic)

    @property
    def tried_at(self) -> datetime:
        """The database's time when the attempt began; that of the account before it did."""
        return self.began + timedelta(seconds=(self._started or self._opened) - self._opened)

    def shown(self, works: str) -> None:
        """The same means work where they are legitimate. Without this no attack passes."""
        self.works = works

    def attempt(self) -> None:
        """The attempt begins now."""
        self._started = time.monotonic()

    def stopped(self, observed: str) -> None:
        """The attempt was refused just now, or what it reached has ended."""
        if self._started is None:
            raise UnprovenError("nothing was tried")
        self.seconds = time.monotonic() - self._started
        self.observed = observed


@dataclass(frozen=True, kw_only=True, slots=True)
class RaisedAlarm:
    """An alarm of the stack. `seconds`: from the beginning of the attack, by the database's clock."""

    alarm_id: UUID | None
    kind: str
    detail: str
    seconds: float
