"""Asks the tools, each with the credential that was issued for it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
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
    #: Of the tool's time limit; what is left is for a second round.
    seconds: float = 0.0

    @property
    def has_follow_up(self) -> bool:
        """Whether the tool has a second round of questions to ask: not where its first had no answer."""
        return isinstance(self.tool, HttpTool) and self.tool.follow_up is not None and self.gap is None

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
        return self._asked(ToolResult(tool), granted, run, lambda client: tool.look_up(client, job))

    def ask_again(
        self,
        job: Any,
        answers: Sequence[ToolResult],
        first: ToolResult,
        granted: Issued | CredentialDenial,
        run: Deadline | None = None,
    ) -> ToolResult:
        """The tool's answers of both rounds; `answers` are those of all tools to the first.

        The second round has what the first left of the tool's time limit. What the first brought stands. Raises nothing.
        """
        if not isinstance(first.tool, HttpTool) or isinstance(granted, CredentialDenial):
            return first
        follow_up = first.tool.follow_up
        if follow_up is None or first.gap:
            return first
        facts = {answer.tool.name: [each.fact for each in answer.facts] for answer in answers}
        return self._asked(first, granted, run, lambda client: follow_up(client, job, facts))

    def _asked(
        self,
        before: ToolResult,
        granted: Issued,
        run: Deadline | None,
        look_up: Callable[[Any], Iterator[LookedUp]],
    ) -> ToolResult:
        """What a tool brought before, and what it brings now."""
        tool, calls = before.tool, list(before.calls)
        seconds = self.settings.deadline_of(tool.record)
        deadline = Deadline(seconds, spent=before.seconds)
        if run is not None:
            deadline = deadline.before(run)
        start = time.monotonic()

        def result(found: Iterable[LookedUp] = (), gap: str | None = None) -> ToolResult:
            found = tuple(found)
            return ToolResult(
                tool,
                calls,
                facts=(*before.facts, *(each for each in found if isinstance(each, SourcedFact))),
                unanswered=(*before.unanswered, *(each for each in found if isinstance(each, Unanswered))),
                gap=gap,
                seconds=before.seconds + time.monotonic() - start,
            )

        try:
            with self._client(tool, granted, calls, deadline) as client:
                return result(tuple(look_up(client)))
        except (ToolError, SettingsError) as failed:
            return result(gap=str(failed))
        except Exception as unforeseen:  # noqa: BLE001  # one tool must not take the others with it
            # Its text is not repeated anywhere: it may hold the answer, or the request.
            name, credential = type(unforeseen).__name__, str(granted.record.credential_id)
            log.warning("tool failed unforeseen", tool=tool.name, credential_id=credential, error=name)
            return result(gap=f"the answer could not be used ({name})")

    def database(
        self, address: str, issued: Issued, calls: list[ToolCall], deadline: Deadline
    ) -> AbstractContextManager[DatabaseClient]:
        """A connection to a database tool."""
        return DatabaseClient(address, self.settings, issued, calls, deadline)

    @contextmanager
    def _client(
        self, tool: Tool, issued: Issued, calls: list[ToolCall], deadline: Deadline
    ) -> Iterator[HttpClient | DatabaseClient]:
        address = self.settings.address(tool.record)
        if isinstance(tool, HttpTool):
            yield HttpClient(
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
        else:
            with self.database(address, issued, calls, deadline) as database:
                yield database
