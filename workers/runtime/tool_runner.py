"""Asks the tools, each with the credential it was granted, and puts what they said into a case file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import httpx
import structlog

from app.credentials.lineage import CredentialDenial, ToolCall
from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile, Evidence, Gap
from app.procurement.systems import SYSTEMS, Source
from app.settings import Settings, SettingsError
from workers.runtime.database_client import DatabaseClient
from workers.runtime.http_client import HttpClient
from workers.runtime.run_session import Issued
from workers.runtime.tool import HttpTool, SourcedFact, Tool
from workers.runtime.tool_errors import ToolError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one tool said, or why it said nothing, and the calls it took."""

    tool: Tool
    calls: Sequence[ToolCall] = ()
    stated: tuple[SourcedFact, ...] = ()
    gap: str | None = None

    @property
    def outcome(self) -> str:
        """How the step ended, for the record."""
        return self.gap or "answered"


@dataclass(frozen=True, kw_only=True)
class ToolRunner:
    """The way to the tools, without any credential."""

    connections: httpx.Client
    settings: Settings

    def ask(self, action: ProcurementAction, tool: Tool, granted: Issued | CredentialDenial) -> Asked:
        if isinstance(granted, CredentialDenial):
            return Asked(tool, gap=f"the vault refused the credential: {granted}")
        calls: list[ToolCall] = []
        try:
            with self._client(tool, granted, calls) as ask:
                return Asked(tool, calls, stated=tuple(ask(action)))
        except (ToolError, SettingsError) as failed:
            return Asked(tool, calls, gap=str(failed))
        except Exception as unforeseen:  # noqa: BLE001  # one tool must not take the other four with it
            # Its text is not repeated anywhere: it may hold the answer, or the request.
            name = type(unforeseen).__name__
            log.warning("tool failed unforeseen", tool=tool.name, action=action.action_id, error=name)
            return Asked(tool, calls, gap=f"the answer could not be used ({name})")

    def ledger(
        self, address: str, issued: Issued, calls: list[ToolCall]
    ) -> AbstractContextManager[DatabaseClient]:
        """A connection to a database tool."""
        return DatabaseClient(address, self.settings, issued, calls)

    @contextmanager
    def _client(
        self, tool: Tool, issued: Issued, calls: list[ToolCall]
    ) -> Iterator[Callable[[ProcurementAction], Iterator[SourcedFact]]]:
        address = self.settings.need(tool.address)
        if isinstance(tool, HttpTool):
            http = HttpClient(
                self.connections, address, self.settings, grant=tool.grant, issued=issued, calls=calls
            )
            yield partial(tool.look_up, http)
        else:
            with self.ledger(address, issued, calls) as ledger:
                yield partial(tool.look_up, ledger)


def case_file(
    action: ProcurementAction, answers: list[Asked], *, own_day: bool = False
) -> tuple[CaseFile, list[tuple[Evidence, UUID]]]:
    """The case as the rules see it, and each evidence with the id of its call.

    With `own_day` an action still ahead is judged as of its own day, too.
    """
    pulled = {
        call.call_id: call.started_at + timedelta(milliseconds=call.latency_ms)
        for answer in answers
        for call in answer.calls
    }
    evidence = [
        (
            Evidence(
                evidence_id=uuid4(),
                source=Source(answer.tool.name),
                record_key=stated.record_key,
                fact=stated.fact,
                pulled_at=pulled[stated.call_id],
            ),
            stated.call_id,
        )
        for answer in answers
        for stated in answer.stated
    ]
    gaps = tuple(Gap(source=Source(answer.tool.name), reason=answer.gap) for answer in answers if answer.gap)
    unasked = frozenset(system.source for system in SYSTEMS) - {answer.tool.name for answer in answers}
    now = datetime.now(UTC)
    case = CaseFile(
        action=action,
        evidence=tuple(item for item, _ in evidence),
        gaps=gaps,
        unasked=unasked,
        as_of=None if own_day else now,
    )
    return case, evidence
