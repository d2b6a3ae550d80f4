"""The three sides of a credential, each as its own source states it. Times are UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from app.reconciliation.clocks import FirstUse
from app.reconciliation.worker_places import SeenPlace

#: The statuses of usable answers.
ANSWERED = (HTTPStatus.OK, HTTPStatus.NO_CONTENT)
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """A credential that the vault issued, by its own log. `system` is the tool that its path belongs to, if any."""

    request_id: str
    at: datetime
    path: str
    system: str | None = None
    run_id: UUID | None = None
    attempt: int | None = None
    accessor: str | None = None
    lease_id: str | None = None
    service_user: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A credential as a worker recorded it.

    `calls` counts its calls, `answered` those with a usable answer: a gateway may have given others. `is_fresh`: it was
    issued in the last two seconds; the sweeper may not have read the vault's answer.
    """

    request_id: str
    run_id: UUID
    attempt: int
    system: str
    fingerprint: str
    issued_at: datetime
    expires_at: datetime
    accessor: str | None = None
    lease_id: str | None = None
    service_user: str | None = None
    revoked_at: datetime | None = None
    credential_id: UUID | None = None
    calls: int = 0
    answered: int = 0
    is_fresh: bool = False

    @property
    def is_leased(self) -> bool:
        """Whether it can be ended before it expires."""
        return self.accessor is not None or self.lease_id is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """One use of a credential, or one login at a database, by the log of a tool. `status` as in `ToolUse`."""

    system: str
    at: datetime
    fingerprint: str | None = None
    subject: str | None = None
    service_user: str | None = None
    remote_address: str | None = None
    status: int | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the tool did not accept the credential."""
        return self.status in _REFUSED

    @property
    def is_answered(self) -> bool:
        """Whether the tool gave what it was asked for: a usable answer, or a session at a database."""
        return self.status is None or self.status in ANSWERED


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownAttempt:
    """An attempt as the database fences it. `login_address`: where its login came from, by the vault's log.

    `vault_ahead`: how long after its claim that login was, by the vault's clock.
    """

    run_id: UUID
    number: int
    state: str
    ended_at: datetime | None = None
    was_stopped: bool = False
    login_address: str | None = None
    vault_ahead: timedelta = timedelta()

    @property
    def is_open(self) -> bool:
        """Whether it may still record something."""
        return self.state in ("dispatched", "running")

    @property
    def is_finished(self) -> bool:
        """Whether it stored its result, and with it all its calls."""
        return self.state == "finished"

    @property
    def lost_its_worker(self) -> bool:
        """Whether it ended without its worker, or before that had recorded everything."""
        return self.state in ("lost", "postponed", "failed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """The rows of a stretch of time, or of a run. `attempts` has every attempt that a row names and that exists."""

    issued: Sequence[Issued] = ()
    recorded: Sequence[Recorded] = ()
    used: Sequence[Used] = ()
    attempts: Sequence[KnownAttempt] = ()
    #: Systems whose logs have been read for all of this time: what they do not show did not happen.
    covered: frozenset[str] = frozenset()
    #: What tools saw of earlier credentials, if it may matter for these.
    places: Sequence[SeenPlace] = ()
    first_uses: Sequence[FirstUse] = ()
    #: How far the vault's clock is ahead of the database's now.
    vault_ahead: timedelta = timedelta()
    #: The time to which all sides are complete; None: to the end.
    until: datetime | None = None
