"""An agent worker whose memory is read: `celery -A benchmarks.robbed_worker worker`.

It works as usual, and hands a copy of each credential to the thief of `benchmarks.static_exposure` when it is issued.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any
from uuid import UUID

from app.connections.deadline import Deadline
from app.connections.settings import load
from app.credentials.approle import RunRoleId
from app.credentials.settings import AgentSettings
from benchmarks.handover import HandingSession
from workers.runtime import celery_app, logs
from workers.runtime.agent import Agent
from workers.runtime.run_session import introduced
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault
from workers.runtime.worker import make_agent, serve
from workers.triage import DOMAIN


@contextmanager
def introduced_and_robbed(
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
        yield HandingSession(session)


@cache
def robbed_agent() -> Agent[Any, Any]:
    """The usual agent, except for its introduction."""
    usual = make_agent(DOMAIN)
    introduce = partial(introduced_and_robbed, **usual.introduce.keywords)  # type: ignore[attr-defined]  # a partial
    return replace(usual, introduce=introduce)  # type: ignore[arg-type]  # a stand-in


logs.configure()
celery = celery_app.make(load(AgentSettings))
serve(celery, robbed_agent)
