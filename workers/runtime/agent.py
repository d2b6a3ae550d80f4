"""Carries out one attempt of one run: an identity, a credential for each tool, the answers, the end of all of them."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog

from app.connections.deadline import Deadline
from app.credentials.attempts import AttemptRecords, RecordsUnavailableError, SupersededError
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
#: Seconds in which whatever has a deadline notices it.
_GRACE = 2.0
_LATE = "no answer within the run's time"
#: The vault's answer to the request for a credential.
Granted = Issued | CredentialDenial | VaultUnavailableError


class OutOfTimeError(Exception):
    """Vault and database took so long that too little of the run's time is left for its tools."""


@dataclass(frozen=True, kw_only=True)
class Agent(Generic[Job, Conclusion]):
    """Everything an attempt needs that holds no credential of any run. Times are in seconds."""

    job_type: JobType[Job, Conclusion]
    vault: Vault
    records: AttemptRecords
    tools: Mapping[str, Tool]
    runner: ToolRunner
    threads: Executor
    worker: str
    introduce: Callable[..., AbstractContextManager[RunSession]]
    longest_run: float = 60.0
    longest_tool: float = 20.0

    def attempt(self, run_id: UUID, number: int, wrapping_token: Secret) -> None:
        """Carry out attempt `number`. Every ending is recorded; a message seen before does nothing."""
        run = Deadline(self.longest_run)
        message = HeldAttempt(run_id, number, proof_of(wrapping_token.reveal()))
        claimed = self._claimed(message, run)
        if claimed is None:
            return
        held, job = claimed
        try:
            with self.introduce(
                self.vault, wrapping_token, run_id=run_id, attempt=number, deadline=run
            ) as session:
                answers = self._investigate(held, job, session, run)
            conclusion = self.job_type.conclude(job, answers)
            self.records.finished(store=lambda db: self.job_type.store(db, conclusion, held=held))
        except SupersededError as late:
            log.warning("result not stored", **_named(held), reason=str(late))
        except IntroductionError as refused:
            # A wrapping token that was opened before us may have been stolen on the way.
            reason = str(refused)
            self._recorded(
                held, run, lambda: self.records.alarm(held, kind="introduction refused", detail=reason)
            )
            self._recorded(held, run, lambda: self.records.failed(held, reason=f"no identity: {reason}"))
        except VaultUnavailableError as down:
            self._postpone(held, run, f"the vault cannot answer: {down}")
        except (RecordsUnavailableError, OutOfTimeError) as obstacle:
            self._postpone(held, run, str(obstacle))
        except BaseException as broken:
            reason = f"{type(broken).__name__} in the worker"
            self._recorded(held, run, lambda: self.records.failed(held, reason=reason))
            raise

    def _claimed(self, message: HeldAttempt, run: Deadline) -> tuple[HeldAttempt, Job] | None:
        """The attempt to work on and its job; None when there is nothing to do."""
        held, is_in_doubt = message.with_own_proof(), False
        while True:
            try:
                claimed = self.records.claim(message, held, worker=self.worker, load=self.job_type.load)
            except SupersededError as forged:
                # The dispatcher sends no such message: somebody else writes into the queue.
                log.warning("message refused", **_named(message), reason=str(forged))
                self.records.alarm_about_message(str(forged))
                return None
            except RecordsUnavailableError as away:
                is_in_doubt = True
                if not self._may_try_again(held, run, away):
                    return None
                continue
            if claimed is None:
                log.info("message without work: seen before, swept, or refused", **_named(message))
                if is_in_doubt:
                    # Perhaps taken by the try before, of which only the answer was lost.
                    self._postpone(held, run, "the database's answer was lost")
            return claimed

    def _investigate(
        self, held: HeldAttempt, job: Job, session: RunSession, run: Deadline
    ) -> list[ToolResult]:
        steps = self.job_type.plan(job)
        self.records.identified(held, session.identity, steps)
        tools = [self.tools[step.tool] for step in steps if step.needed]
        granted = self._side_by_side(
            run, partial(_granted, session), lambda _: VaultUnavailableError(_LATE), tools
        )
        # One commit for all of them, before the first is used, and even if the vault failed half-way.
        self.records.issued(
            held,
            credentials=[grant.record for grant in granted if isinstance(grant, Issued)],
            denials=[grant for grant in granted if isinstance(grant, CredentialDenial)],
        )
        for grant in granted:
            if isinstance(grant, VaultUnavailableError):
                raise grant
        if run.left < min(self.longest_tool, self.longest_run / 2):
            # Tools that were given less would be "not checked" through no fault of theirs.
            spent = f"{self.longest_run - run.left:.0f} s"
            raise OutOfTimeError(f"out of time: vault and database took {spent} before a tool was asked")
        rows = (tools, granted, [run] * len(tools))
        first = self._side_by_side(
            run, partial(self.runner.ask, job), lambda tool, *_: ToolResult(tool, gap=_LATE), *rows
        )
        results = self._followed_up(job, first, granted, run)
        self.records.called(held, [(result.tool.name, result.outcome, result.calls) for result in results])
        return results

    def _followed_up(
        self, job: Job, first: list[ToolResult], granted: list[Granted], run: Deadline
    ) -> list[ToolResult]:
        """The results, with those of a second round of questions."""
        every = zip(first, granted, strict=True)
        again = zip(*((result, grant) for result, grant in every if result.has_follow_up), strict=True)
        ask = partial(self.runner.ask_again, job, first, run=run)
        asked = self._side_by_side(run, ask, lambda result, _: replace(result, gap=_LATE), *again)
        second = {result.tool.name: result for result in asked}
        return [second.get(result.tool.name, result) for result in first]

    def _side_by_side(
        self, run: Deadline, work: Callable[..., Result], late: Callable[..., Result], *rows: Iterable[Any]
    ) -> list[Result]:
        """The results of `work` for each row, or those of `late` for work that its own deadlines did not end."""
        futures = {self.threads.submit(work, *row): row for row in zip(*rows, strict=True)}
        # All of them, so that none still holds a credential when the first error is raised.
        done, overdue = wait(futures, timeout=run.left + _GRACE)
        for future in overdue:
            future.cancel()
        return [future.result() if future in done else late(*row) for future, row in futures.items()]

    def _postpone(self, held: HeldAttempt, run: Deadline, reason: str) -> None:
        log.warning("attempt postponed", **_named(held), reason=reason)
        self._recorded(held, run, lambda: self.records.postponed(held, reason=reason))

    def _recorded(self, held: HeldAttempt, run: Deadline, record: Callable[[], None]) -> None:
        """Record how the attempt ended; if the database stays away, its lease ends it."""
        while True:
            try:
                return record()
            except RecordsUnavailableError as away:
                if not self._may_try_again(held, run, away):
                    return None

    def _may_try_again(self, held: HeldAttempt, run: Deadline, away: RecordsUnavailableError) -> bool:
        """Wait a moment for the database, unless the run's time is over."""
        if run.over:
            log.warning("attempt left to its lease", **_named(held), reason=str(away))
            return False
        log.warning("waiting for the database", **_named(held), reason=str(away))
        time.sleep(min(random.uniform(0.5, 1.5), run.left))  # noqa: S311  # spreads tries, guards nothing
        return True


def _named(held: HeldAttempt) -> dict[str, Any]:
    return {"run_id": str(held.run_id), "attempt": held.number}


def _granted(session: RunSession, tool: Tool) -> Granted:
    try:
        return session.issue(tool.name, tool.grant)
    except VaultUnavailableError as down:
        return down
    except VaultRefusedError as refused:
        return CredentialDenial(
            tool=tool.name, vault_path=tool.grant.path, reason=str(refused), refused_at=datetime.now(UTC)
        )
