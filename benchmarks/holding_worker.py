"""The agent worker of `benchmarks.containment`: `celery -A benchmarks.holding_worker worker`.

It hands every credential of its runs to the benchmark, and asks no tool before a run is over.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import UUID

from app.connections.deadline import Deadline
from app.connections.settings import load
from app.credentials.approle import RunRoleId
from app.credentials.lineage import CredentialDenial
from app.credentials.settings import AgentSettings
from benchmarks.handover import HANDOVER, HandingSession, hand_over
from workers.runtime import celery_app, logs
from workers.runtime.agent import Agent
from workers.runtime.run_session import Issued, introduced
from workers.runtime.secret import Secret
from workers.runtime.tool import Tool
from workers.runtime.tool_runner import ToolResult
from workers.runtime.vault import Vault
from workers.runtime.worker import make_agent, serve
from workers.triage import DOMAIN

#: Seconds that a run is held at most, and between two looks whether it is over.
_LONGEST, _POLL = 60.0, 0.05


@contextmanager
def introduced_and_held(
    vault: Vault,
    wrapping_token: Secret,
    *,
    role_id: RunRoleId,
    run_id: UUID,
    attempt: int,
    deadline: Deadline,
) -> Iterator[HandingSession]:
    """Replaces `workers.runtime.run_session.introduced`."""
    with introduced(
        vault, wrapping_token, role_id=role_id, run_id=run_id, attempt=attempt, deadline=deadline
    ) as session:
        hand_over(run_id, "run token", kind="run-token", accessor=session.identity.token_accessor)
        yield HandingSession(session)
        # The run ends nothing itself: what ends it is measured.
        wait_until_over(run_id)


@dataclass(frozen=True)
class HoldingRunner:
    """Replaces the tool runner: it asks nothing."""

    def ask(self, _job: Any, tool: Tool, _granted: Issued | CredentialDenial, _run: Deadline) -> ToolResult:
        """No answer."""
        return ToolResult(tool, gap="held by the benchmark")

    def ask_again(
        self, _job: Any, _answers: Any, first: ToolResult, _granted: Any, *, run: Deadline
    ) -> ToolResult:
        """No second round either."""
        del run
        return first


def wait_until_over(run_id: UUID) -> None:
    """Wait until the benchmark has removed the folder of this run."""
    folder, deadline = Path(os.environ[HANDOVER]) / str(run_id), time.monotonic() + _LONGEST
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(_POLL)


@cache
def holding_agent() -> Agent[Any, Any]:
    """The usual agent, except that it holds what it gets."""
    usual = make_agent(DOMAIN)
    introduce = partial(introduced_and_held, **usual.introduce.keywords)  # type: ignore[attr-defined]  # a partial
    return replace(usual, introduce=introduce, runner=HoldingRunner())  # type: ignore[arg-type]  # a stand-in


if HANDOVER in os.environ:
    logs.configure()
    celery = celery_app.make(load(AgentSettings))
    serve(celery, holding_agent)
