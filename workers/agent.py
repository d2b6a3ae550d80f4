"""Carries out one attempt of one run: an identity, five credentials, five questions, the end of all of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import httpx
import structlog

from app.domain.casefile import CaseFile, Evidence, Gap
from app.domain.lineage import CredentialDenial, ToolCall
from app.domain.planning import plan
from app.domain.procurement import ProcurementAction
from app.domain.rules import evaluate
from app.settings import Settings
from app.store.attempts import AttemptRecords, SupersededError
from workers.http_client import HttpClient
from workers.ledger_client import LedgerClient
from workers.run_session import IntroductionError, Issued, RunSession, introduced
from workers.secret import Secret
from workers.tool import HttpTool, Stated, Tool
from workers.tool_errors import ToolError
from workers.vault import Vault, VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one tool said, or why it said nothing."""

    tool: Tool
    stated: tuple[Stated, ...] = ()
    gap: str | None = None


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Everything an attempt needs that holds no credential of any run."""

    vault: Vault
    records: AttemptRecords
    tools: dict[str, Tool]
    connections: httpx.Client
    threads: Executor
    settings: Settings
    worker: str

    def attempt(self, run_id: UUID, number: int, wrapping_token: Secret) -> None:
        """Carry out attempt `number`. Every ending is recorded; a message seen before does nothing."""
        action = self.records.claim(run_id, number, worker=self.worker)
        if action is None:
            log.info("message without work: seen before, or swept", run_id=str(run_id), attempt=number)
            return
        session: RunSession | None = None
        try:
            with introduced(self.vault, wrapping_token, run_id=run_id, attempt=number) as session:
                answers = self._investigate(action, session)
            case, evidence = _case_file(action, answers)
            self.records.finished(
                run_id,
                number,
                action_id=action.action_id,
                evidence=evidence,
                discrepancies=evaluate(case),
                revoked_at=session.revoked_at,
            )
        except SupersededError as late:
            log.warning("result not stored", run_id=str(run_id), attempt=number, reason=str(late))
        except IntroductionError as refused:
            # A wrapping token that was opened before us may have been stolen on the way.
            self.records.alarm(run_id, number, kind="introduction refused", detail=str(refused))
            self.records.failed(run_id, number, reason=f"no identity: {refused}", revoked_at=None)
        except VaultUnavailableError as down:
            reason = f"the vault cannot answer: {down}"
            self.records.postponed(run_id, number, reason=reason, revoked_at=_end_of(session))
        except BaseException as broken:
            reason = f"{type(broken).__name__} in the worker"
            self.records.failed(run_id, number, reason=reason, revoked_at=_end_of(session))
            raise

    def _investigate(self, action: ProcurementAction, session: RunSession) -> list[Asked]:
        steps = plan(action)
        self.records.identified(session.identity, steps)
        asked = [
            self.threads.submit(self._ask, self.tools[step.source.value], action, session) for step in steps
        ]
        wait(asked)  # All of them, so that none still holds a credential when the first error is raised.
        return [future.result() for future in asked]

    def _ask(self, tool: Tool, action: ProcurementAction, session: RunSession) -> Asked:
        calls: list[ToolCall] = []
        try:
            issued = session.issue(tool.name, tool.grant)
            self.records.issued(session.identity, issued.record)
            with self._client(tool, issued, calls) as ask:
                answer = Asked(tool, tuple(ask(action)))
        except VaultRefusedError as refused:
            denial = CredentialDenial(
                tool=tool.name, vault_path=tool.grant.path, reason=str(refused), refused_at=datetime.now(UTC)
            )
            self.records.denied(session.identity, denial)
            answer = Asked(tool, gap=f"the vault refused the credential: {refused}")
        except ToolError as failed:
            answer = Asked(tool, gap=str(failed))
        self.records.called(session.identity, tool.name, calls, outcome=answer.gap or "answered")
        return answer

    @contextmanager
    def _client(
        self, tool: Tool, issued: Issued, calls: list[ToolCall]
    ) -> Iterator[Callable[[ProcurementAction], Iterator[Stated]]]:
        address = self.settings.need(tool.address)
        if isinstance(tool, HttpTool):
            http = HttpClient(
                self.connections, address, self.settings, grant=tool.grant, issued=issued, calls=calls
            )
            yield partial(tool.look_up, http)
        else:
            with LedgerClient(address, self.settings, issued, calls) as ledger:
                yield partial(tool.look_up, ledger)


def _end_of(session: RunSession | None) -> datetime | None:
    return session.revoked_at if session else None


def _case_file(
    action: ProcurementAction, answers: list[Asked]
) -> tuple[CaseFile, list[tuple[Evidence, UUID]]]:
    now = datetime.now(UTC)
    evidence = [
        (
            Evidence(
                evidence_id=uuid4(),
                source=answer.tool.source,
                record_key=stated.record_key,
                fact=stated.fact,
                pulled_at=now,
            ),
            stated.call_id,
        )
        for answer in answers
        for stated in answer.stated
    ]
    gaps = tuple(Gap(source=answer.tool.source, reason=answer.gap) for answer in answers if answer.gap)
    return CaseFile(action=action, evidence=tuple(item for item, _ in evidence), gaps=gaps), evidence
