"""The job of this domain: a procurement action, the answers of the systems, and what the rules find in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection

from app.credentials.plan import PlannedStep
from app.credentials.proof import HeldAttempt
from app.credentials.settings import AgentSettings
from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile, Evidence, Gap
from app.procurement.federal_time import eastern
from app.procurement.finding import Finding
from app.procurement.planning import plan
from app.procurement.rules import evaluate
from app.procurement.systems import SYSTEMS, Source
from app.store.actions import load_job
from app.store.results import store_result
from app.store.settings import CheckSettings
from workers.runtime.job import Domain
from workers.runtime.tool_runner import ToolResult
from workers.tools import registry


class TriageSettings(AgentSettings, CheckSettings):
    """The settings of an agent worker, and those of its rules."""


@dataclass(frozen=True, slots=True)
class TriageResult:
    """The findings, and the evidence they rest on, each with the id of the call that brought it."""

    evidence: Sequence[tuple[Evidence, UUID]]
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Triage:
    """Loads an action, plans its checks, and applies the rules. See `JobType` for each step."""

    own_day: bool = False

    def load(self, db: Connection, held: HeldAttempt, _job_id: str) -> ProcurementAction:
        return load_job(db, held)

    def plan(self, job: ProcurementAction) -> Sequence[PlannedStep]:
        return plan(job)

    def conclude(self, job: ProcurementAction, answers: Sequence[ToolResult]) -> TriageResult:
        case, evidence = case_file(job, answers, own_day=self.own_day)
        return TriageResult(evidence, evaluate(case))

    def store(self, db: Connection, conclusion: TriageResult, *, held: HeldAttempt) -> None:
        store_result(db, held, findings=conclusion.findings, evidence=conclusion.evidence)


def case_file(
    action: ProcurementAction, answers: Sequence[ToolResult], *, own_day: bool = False
) -> tuple[CaseFile, list[tuple[Evidence, UUID]]]:
    """The case as the rules see it, and each piece of evidence with the id of its call.

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
        for stated in answer.facts
    ]
    case = CaseFile(
        action=action,
        evidence=tuple(item for item, _ in evidence),
        gaps=tuple(gap for answer in answers for gap in _gaps(answer)),
        unasked=frozenset(system.source for system in SYSTEMS) - {answer.tool.name for answer in answers},
        as_of=None if own_day else datetime.now(UTC),
    )
    return case, evidence


def _gaps(answer: ToolResult) -> Iterator[Gap]:
    source = Source(answer.tool.name)
    if answer.gap:
        yield Gap(source=source, reason=answer.gap)
    for each in answer.unanswered:
        yield Gap(source=source, reason=each.reason, question=each.question)


DOMAIN = Domain(
    tools=registry(),
    make_job_type=lambda settings: Triage(own_day=settings.judged_on == "action"),
    settings=TriageSettings,
    local_time=eastern,
)
