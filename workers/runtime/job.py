"""The seam between the pattern and a domain: four steps, each written by the domain for its own jobs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from app.credentials.plan import PlannedStep
from app.credentials.proof import HeldAttempt
from app.credentials.settings import AgentSettings
from workers.runtime.tool import Tool
from workers.runtime.tool_runner import ToolResult

Job = TypeVar("Job")
Conclusion = TypeVar("Conclusion")


class JobType(Protocol[Job, Conclusion]):
    """What a domain does in a run. The pattern does the rest: identity, credentials, calls, records, revocation."""

    def load(self, db: Connection, held: HeldAttempt, job_id: str, /) -> Job:
        """The job with this id, read in the transaction that claims the attempt.

        The worker's login reads no table: a function of the domain's own takes `held` and returns the job.
        """

    def plan(self, job: Job) -> Sequence[PlannedStep]:
        """The tools to ask, before any credential is issued."""

    def conclude(self, job: Job, answers: Sequence[ToolResult]) -> Conclusion:
        """What follows from the answers, one for each needed step. The credentials have ended by now."""

    def store(self, db: Connection, conclusion: Conclusion, *, held: HeldAttempt) -> None:
        """Store the conclusion and end the attempt, by one function of the domain's own that calls `finish_attempt`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain:
    """Everything an agent worker takes from a domain.

    `make_job_type` gets the settings, which are of the class `settings`. `local_time` converts a UTC time to the time
    zone of the readers of reports; None for UTC alone.
    """

    tools: Mapping[str, Tool]
    make_job_type: Callable[[Any], JobType[Any, Any]]
    settings: type[AgentSettings] = AgentSettings
    local_time: Callable[[datetime], datetime] | None = None
