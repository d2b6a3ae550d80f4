"""Asks the tools, each with the credential that was issued for it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from app.connections.deadline import Deadline
from app.connections.http_wire import Wire
from app.connections.secret_files import SettingsError
from app.credentials.lineage import CredentialDenial, ToolCall
from app.credentials.settings import AgentSettings
from workers.runtime.answer import ToolError
from workers.runtime.database_client import DatabaseClient
from workers.runtime.http_client import HttpClient
from workers.runtime.run_session import Issued
from workers.runtime.tool import HttpTool, LookedUp, SourcedFact, Tool, Unanswered

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one tool answered, or in `gap` why it did not, and the calls this took.

    `unanswered` are the questions that failed while others were answered.
    """

    tool: Tool
    calls: Sequence[ToolCall] = ()
    facts: tuple[SourcedFact, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    gap: str | None = None

    @property
    def outcome(self) -> str:
        """How the step ended, for the record."""
        if self.unanswered:
            return f"answered in part: {'; '.join(dict.fromkeys(each.reason for each in self.unanswered))}"
        return self.gap or "answered"


@dataclass(frozen=True, kw_only=True)
class ToolRunner:
    """Connections and settings for all tools. It holds no credential."""

    connections: Wire
    settings: AgentSettings
    local_time: Callable[[datetime], datetime] | None = None

    def ask(
        self, job: Any, tool: Tool, granted: Issued | CredentialDenial, run: Deadline | None = None
    ) -> ToolResult:
        """The answer of one tool about a job, by its own deadline and the run's.

        Raises nothing: what went wrong is the result's `gap`.
        """
        if isinstance(granted, CredentialDenial):
            return ToolResult(tool, gap=f"the vault refused the credential: {granted}")
        calls: list[ToolCall] = []
        seconds = self.settings.deadline_of(tool.record)
        deadline = Deadline(seconds) if run is None else run.within(seconds)
        try:
            with self._client(tool, granted, calls, deadline) as look_up:
                found = tuple(look_up(job))
            return ToolResult(
                tool,
                calls,
                facts=tuple(each for each in found if isinstance(each, SourcedFact)),
                unanswered=tuple(each for each in found if isinstance(each, Unanswered)),
            )
        except (ToolError, SettingsError) as failed:
            return ToolResult(tool, calls, gap=str(failed))
        except Exception as unforeseen:  # noqa: BLE001  # one tool must not take the others with it
            # Its text is not repeated anywhere: it may hold the answer, or the request.
            name, credential = type(unforeseen).__name__, str(granted.record.credential_id)
            log.warning("tool failed unforeseen", tool=tool.name, credential_id=credential, error=name)
            return ToolResult(tool, calls, gap=f"the answer could not be used ({name})")

    def database(
        self, address: str, issued: Issued, calls: list[ToolCall], deadline: Deadline
    ) -> AbstractContextManager[DatabaseClient]:
        """A connection to a database tool."""
        return DatabaseClient(address, self.settings, issued, calls, deadline)

    @contextmanager
    def _client(
        self, tool: Tool, issued: Issued, calls: list[ToolCall], deadline: Deadline
    ) -> Iterator[Callable[[Any], Iterator[LookedUp]]]:
        address = self.settings.address(tool.record)
        if isinstance(tool, HttpTool):
            http = HttpClient(
                self.connections,
                address,
                self.settings,
                grant=tool.grant,
                issued=issued,
                calls=calls,
                deadline=deadline,
                timeout=self.settings.timeout_of(tool.record),
                local_time=self.local_time,
            )
            yield partial(tool.look_up, http)
        else:
            with self.database(address, issued, calls, deadline) as database:
                yield partial(tool.look_up, database)
