"""Read runs, and stop one."""

from datetime import timedelta
from uuid import UUID

from flask import Response, abort

from app import usecases
from app.credentials.requests import UnknownRunError
from app.procurement.finding import NOT_PERFORMED
from app.review.queries import RunFilter, RunLine
from app.review.queries.runs import run_fields
from app.web.api.operations import following, operation, reply
from app.web.api.shapes.flags import FlagBrief
from app.web.api.shapes.runs import AttemptPlan, RunDetail, RunItem, RunQuery, Runs, StoppedRun
from app.web.api.shapes.value_lineage import Call, Credential, Denial, Identity, Unrecorded
from app.web.list_queries import ME
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import person


@operation("GET", "/runs", query=RunQuery, answers={200: Runs})
def runs(query: RunQuery) -> Response:
    """Runs, newest first."""
    wanted = RunFilter(
        state=query.state,
        action=query.action,
        requested_by=person().subject if query.requested_by == ME else query.requested_by,
        since=services().clock.now() - timedelta(days=query.within) if query.within else None,
    )
    lines = services().queries.runs(wanted, after=query.after, limit=query.limit + 1)
    shown, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        Runs(items=[run_item(line) for line in shown], next=following(shown[-1].run.run_id if more else None))
    )


def run_item(line: RunLine) -> RunItem:
    """A run in a list."""
    return RunItem.model_validate(
        {
            **run_fields(line.run),
            "outcome": line.outcome,
            "piid": line.action.piid,
            "flags": line.findings,
            "not_performed": line.gaps,
        }
    )


@operation("GET", "/runs/{run_id}", answers={200: RunDetail}, refusals=(404,))
def run(run_id: UUID) -> Response:
    """One run with its attempts, plans, credentials, calls and flags."""
    page = services().queries.run(run_id) or abort(404)
    endings = page.endings(services().clock.now())
    gaps = sum(flag.rule == NOT_PERFORMED for flag in page.findings)
    line = RunLine(run=page.run, action=page.action, findings=len(page.findings), gaps=gaps)
    return reply(
        RunDetail.model_validate(
            {
                **run_fields(page.run),
                "outcome": line.outcome,
                "attempts": [Identity.of(each, endings) for each in page.attempts],
                "plans": [AttemptPlan.model_validate(each) for each in page.plans],
                "credentials": [Credential.of(each, endings) for each in page.credentials],
                "not_recorded": [Unrecorded.of(each, endings) for each in page.unrecorded],
                "denials": [Denial.model_validate(each) for each in page.denials],
                "calls": [Call.model_validate(each) for each in page.calls],
                "flags": [FlagBrief.model_validate(each) for each in page.findings],
            }
        )
    )


@operation("POST", "/runs/{run_id}/stops", answers={200: StoppedRun}, refusals=(404,))
def stop_run(run_id: UUID) -> Response:
    """Request that a run be stopped, which the sweeper does within seconds. No body is needed."""
    try:
        new = usecases.stop_run(services().sessions, run_id, requested_by=person().subject)
    except UnknownRunError:
        abort(404)
    note(run=run_id, new=new)
    return reply(StoppedRun(run_id=run_id, new=new))
