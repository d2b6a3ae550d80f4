"""Carries out one attempt of one run: an identity, a credential for each tool, the answers, the end of all of them."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog

from app.credentials.attempts import AttemptRecords, SupersededError
from app.credentials.lineage import CredentialDenial
from app.credentials.proof import HeldAttempt, proof_of
from workers.runtime.job import Conclusion, Job, JobType
from workers.runtime.run_session import IntroductionError, Issued, RunSession
from workers.runtime.secret import Secret
from workers.runtime.tool import Tool
from workers.runtime.tool_runner import ToolResult, ToolRunner
from workers.runtime.vault import Vault, VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()
Result = TypeVar("Result")
#: The vault's answer to the request for a credential.
Granted = Issued | CredentialDenial | VaultUnavailableError


@dataclass(frozen=True, kw_only=True)
class Agent(Generic[Job, Conclusion]):
    """Everything an attempt needs that holds no credential of any run."""

    job_type: JobType[Job, Conclusion]
    vault: Vault
    records: AttemptRecords
    tools: Mapping[str, Tool]
    runner: ToolRunner
    threads: Executor
    worker: str
    introduce: Callable[..., AbstractContextManager[RunSession]]

    def attempt(self, run_id: UUID, number: int, wrapping_token: Secret) -> None:
        """Carry out attempt `number`. Every ending is recorded; a message seen before does nothing."""
        message = HeldAttempt(run_id, number, proof_of(wrapping_token.reveal()))
        try:
            claimed = self.records.claim(message, worker=self.worker, load=self.job_type.load)
        except SupersededError as forged:
            # The dispatcher sends no such message: somebody else writes into the queue.
            log.warning("message refused", run_id=str(run_id), attempt=number, reason=str(forged))
            self.records.alarm_about_message(str(forged))
            return
        if claimed is None:
            log.info("message without work: seen before, or swept", run_id=str(run_id), attempt=number)
            return
        held, job = claimed
        try:
            with self.introduce(self.vault, wrapping_token, run_id=run_id, attempt=number) as session:
                answers = self._investigate(held, job, session)
            conclusion = self.job_type.conclude(job, answers)
            self.records.finished(store=lambda db: self.job_type.store(db, conclusion, held=held))
        except SupersededError as late:
            log.warning("result not stored", run_id=str(run_id), attempt=number, reason=str(late))
        except IntroductionError as refused:
            # A wrapping token that was opened before us may have been stolen on the way.
            self.records.alarm(held, kind="introduction refused", detail=str(refused))
            self.records.failed(held, reason=f"no identity: {refused}")
        except VaultUnavailableError as down:
            self.records.postponed(held, reason=f"the vault cannot answer: {down}")
        except BaseException as broken:
            self.records.failed(held, reason=f"{type(broken).__name__} in the worker")
            raise

    def _investigate(self, held: HeldAttempt, job: Job, session: RunSession) -> list[ToolResult]:
        steps = self.job_type.plan(job)
        self.records.identified(held, session.identity, steps)
        tools = [self.tools[step.tool] for step in steps if step.needed]
        granted = self._side_by_side(partial(_granted, session), tools)
        # One commit for all of them, before the first is used, and even if the vault failed half-way.
        self.records.issued(
            held,
            credentials=[grant.record for grant in granted if isinstance(grant, Issued)],
            denials=[grant for grant in granted if isinstance(grant, CredentialDenial)],
        )
        for grant in granted:
            if isinstance(grant, VaultUnavailableError):
                raise grant
        results = self._side_by_side(partial(self.runner.ask, job), tools, granted)
        self.records.called(held, [(result.tool.name, result.outcome, result.calls) for result in results])
        return results

    def _side_by_side(self, work: Callable[..., Result], *arguments: Iterable[Any]) -> list[Result]:
        futures = [self.threads.submit(work, *row) for row in zip(*arguments, strict=True)]
        wait(futures)  # All of them, so that none still holds a credential when the first error is raised.
        return [future.result() for future in futures]


def _granted(session: RunSession, tool: Tool) -> Granted:
    try:
        return session.issue(tool.name, tool.grant)
    except VaultUnavailableError as down:
        return down
    except VaultRefusedError as refused:
        return CredentialDenial(
            tool=tool.name, vault_path=tool.grant.path, reason=str(refused), refused_at=datetime.now(UTC)
        )
