"""Settings of the pattern: how runs are dispatched, and how tools are called."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from app.connections.addresses import DatabaseAddress, HttpAddress
from app.connections.settings import ConnectionSettings
from app.credentials.alarm_settings import AlarmSettings
from app.credentials.grants import LONGEST_RUN_SECONDS, MAX_TTL_SECONDS, DatabaseUser
from app.credentials.tool_record import ToolRecord

#: Each of these times must be shorter than those before it.
_TIMES = ("attempt_lease", "run_deadline", "tool_deadline", "tool_timeout")


class AgentSettings(AlarmSettings):
    """Settings of dispatcher, sweeper and agent worker. `with_addresses` adds the address of each tool."""

    #: The vault's audit log, for the sweeper: what attempts hold is read there.
    vault_audit_log: Path | None = None
    #: A secret file with the RoleID of runs, for agent workers; read anew at every login of a run.
    run_role_id_file: Path | None = None
    #: Attempts handed to the broker and not yet finished, at most. More wait in PostgreSQL.
    dispatch_window: int = Field(default=16, ge=1, le=1000)
    #: Seconds a wrapped SecretID may wait in the queue. Policy allows 10 s to 30 min.
    wrapping_ttl: int = Field(default=300, ge=10, le=1800)
    #: Seconds after which an attempt that has not reported counts as lost.
    attempt_lease: int = Field(default=120, ge=2, le=MAX_TTL_SECONDS)
    #: Attempts of one run before it ends as failed.
    max_attempts: int = Field(default=4, ge=1, le=20)
    #: Seconds one run may take, whatever vault, database and tools do; less than the lease and the hard time limit.
    run_deadline: float = Field(default=60.0, gt=0, le=LONGEST_RUN_SECONDS - 15, validate_default=False)
    #: Seconds one tool may take in a run: all its pages, and every try. What is late is "not checked".
    tool_deadline: float = Field(default=20.0, gt=0, validate_default=False)
    #: Seconds one call to a tool may take, and how often it is tried.
    tool_timeout: float = Field(default=5.0, gt=0, validate_default=False)
    tool_tries: int = Field(default=2, ge=1, le=5)
    #: Bytes of one answer, at most.
    tool_answer_limit: int = Field(default=4_000_000, ge=1_000)

    @field_validator(*_TIMES[1:])
    @classmethod
    def _shorter(cls, seconds: float, others: ValidationInfo) -> float:
        """A time that was set must fit into the next longer one. One that was not is cut to it."""
        for longer in reversed(_TIMES[: _TIMES.index(str(others.field_name))]):
            limit = others.data.get(longer)  # None if that is wrong itself
            if limit is not None and seconds >= limit:
                raise ValueError(f"{seconds:g} s must be shorter than {longer.upper()}, which is {limit:g} s")
        return seconds

    @property
    def longest_run(self) -> float:
        """Seconds one run may take: RUN_DEADLINE, or most of a lease that is shorter."""
        return min(self.run_deadline, 0.9 * self.attempt_lease)

    def address(self, record: ToolRecord) -> str:
        """The address of a tool. Raises `SettingsError` naming its environment variable if not set."""
        return self.need(record.address_setting)

    def deadline_of(self, record: ToolRecord) -> float:
        """Seconds a tool may take in a run: its own limit, or TOOL_DEADLINE."""
        return self._own_deadline(record) or self.tool_deadline

    def timeout_of(self, record: ToolRecord) -> float:
        """Seconds one call to a tool may take: all it has where it has its own limit, or TOOL_TIMEOUT."""
        return self._own_deadline(record) or self.tool_timeout

    def sets_time_of(self, *records: ToolRecord) -> bool:
        """Whether a time limit of these tools was set; one that was not is cut to what is left of the run."""
        return "tool_deadline" in self.model_fields_set or any(map(self._own_deadline, records))

    def _own_deadline(self, record: ToolRecord) -> float | None:
        own: float | None = getattr(self, record.deadline_setting, None)
        return own


def _within_run(seconds: float | None, others: ValidationInfo) -> float | None:
    limit = others.data.get("run_deadline")
    if seconds is not None and limit is not None and seconds >= limit:
        raise ValueError(f"{seconds:g} s must be shorter than RUN_DEADLINE, which is {limit:g} s")
    return seconds


def _both_rounds_fit(records: Sequence[ToolRecord]) -> Callable[[Any], Any]:
    """A check of the time limits of tools with a second round: it begins when the tools that it waits for have ended."""

    def check(settings: AgentSettings) -> AgentSettings:
        by_name = {record.name: record for record in records}
        for record in records:
            slowest = max(
                (by_name[name] for name in record.after if name in by_name),
                key=settings.deadline_of,
                default=None,
            )
            if slowest is None or not settings.sets_time_of(record, slowest):
                continue
            waited, own = settings.deadline_of(slowest), settings.deadline_of(record)
            if waited + own >= settings.run_deadline:
                raise ValueError(
                    f"{slowest.deadline_setting.upper()}: {waited:g} s and {own:g} s of"
                    f" {record.deadline_setting.upper()}, which waits for it, must together be shorter than RUN_DEADLINE,"
                    f" which is {settings.run_deadline:g} s"
                )
        return settings

    return check


Base = TypeVar("Base", bound=ConnectionSettings)


def with_addresses(base: type[Base], records: Iterable[ToolRecord]) -> type[Base]:
    """The same settings, with the address of each tool: of a database or of an HTTP service, by its credential.

    A service can have a time limit of its own; it is longer than TOOL_DEADLINE where a service is slow on bad days.
    """
    records = tuple(records)
    fields: dict[str, Any] = {
        record.address_setting: (
            (DatabaseAddress if isinstance(record.credential, DatabaseUser) else HttpAddress) | None,
            None,
        )
        for record in records
    }
    limits: dict[str, Any] = {
        record.deadline_setting: (float | None, Field(default=None, gt=0))
        for record in records
        if not isinstance(record.credential, DatabaseUser)
    }
    checks: dict[str, Any] = {"within_run": field_validator(*limits)(_within_run)} if limits else {}
    if any(record.after for record in records):
        checks["both_rounds_fit"] = model_validator(mode="after")(_both_rounds_fit(records))
    return create_model(base.__name__, __base__=base, __validators__=checks, **fields, **limits)
