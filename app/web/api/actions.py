"""Submitting actions, reading them, and having them triaged."""

from http import HTTPStatus
from itertools import zip_longest

from flask import Response, abort, url_for

from app import usecases
from app.intake import IntakeError
from app.intake.problems import Problem, shown
from app.review import queries as read
from app.store.actions import ConflictError, UnknownActionError, to_domain
from app.store.submissions import KeyReusedError, SubmissionOutcome
from app.web.api.operations import Header, following, operation, reply
from app.web.api.problem_details import KEY, TAKEN, not_read, not_taken
from app.web.api.request_body import header_of
from app.web.api.runs import run_item
from app.web.api.shapes import actions as shapes
from app.web.api.shapes.flags import FlagBrief
from app.web.api.shapes.runs import RequestedRun
from app.web.services import services
from app.web.sign_in import person

_KEY = Header(
    name="Idempotency-Key",
    pattern=r"[\x21-\x7e]{1,200}",
    meaning="a key of your own making, 1 to 200 visible ASCII characters: the same one when you send this again",
    example="8e03978e-40d5-43dd-bc93-6894a57f9324",
)


@operation(
    "POST",
    "/actions",
    query=shapes.SubmitQuery,
    body=shapes.Submitting,
    raw=True,
    header=_KEY,
    answers={201: shapes.SubmissionResult},
    refusals=(409, 413, 415, 422),
    sends={"Idempotency-Replayed": "`true` where this was carried out before, under the same key."},
)
def submit(query: shapes.SubmitQuery, body: str) -> Response:
    """Submit actions, all or none.

    With `run=true` a run of each is requested as well, unless one is under way, which is answered then. The same request under the same key is carried out once and
    answered alike for seven days, with the header `Idempotency-Replayed: true`; another request under that key is refused
    with 422. An action that was submitted before is fine if it says the same, else all are refused with 409.
    """
    key = header_of(_KEY.name, _KEY.pattern, _KEY.meaning)
    try:
        outcome, new = usecases.submit_once(
            services().sessions, body, by=person().subject, key=key, run=query.run == "true", most=shapes.MOST
        )
    except IntakeError as error:
        raise not_read(error) from None
    except ConflictError as error:
        fault = Problem("action_id", "was submitted before with other content", shown(error.action_id))
        raise not_taken(HTTPStatus.CONFLICT, [fault], kind=TAKEN) from None
    except KeyReusedError:
        fault = Problem(_KEY.name, "was used before, for another request", shown(key))
        raise not_taken(HTTPStatus.UNPROCESSABLE_ENTITY, [fault], kind=KEY) from None
    headers = {} if new else {"Idempotency-Replayed": "true"}
    return reply(_submitted(outcome), status=HTTPStatus.CREATED, headers=headers)


def _submitted(outcome: SubmissionOutcome) -> shapes.SubmissionResult:
    return shapes.SubmissionResult(
        actions=[
            shapes.SubmittedItem(action_id=action_id, new=action_id in outcome.new, run_id=run_id)
            for action_id, run_id in zip_longest(outcome.action_ids, outcome.run_ids)
        ]
    )


@operation("GET", "/actions", query=shapes.ActionQuery, answers={200: shapes.Actions})
def actions(query: shapes.ActionQuery) -> Response:
    """Actions, last submitted first."""
    lines = services().queries.actions(text=query.q, after=query.after, limit=query.limit + 1)
    shown_, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        shapes.Actions(
            items=[_item(line) for line in shown_],
            next=following(shown_[-1].action.action_id if more else None),
        )
    )


def _item(line: read.ActionLine) -> shapes.ActionItem:
    return shapes.ActionItem.model_validate(
        {
            **line.action.model_dump(),
            "latest_run": line.run.run_id if line.run else None,
            "open_flags": line.waiting,
            "blocking_flags": line.blocking,
        }
    )


@operation("GET", "/actions/{action_id}", answers={200: shapes.Action}, refusals=(404,))
def action(action_id: str) -> Response:
    """One action as it was submitted, its newest runs, and its flags of the latest completed one."""
    page = services().queries.action(action_id) or abort(404)
    return reply(
        shapes.Action(
            action=to_domain(page.action.model_dump()),
            submitted_at=page.action.submitted_at,
            under_way=page.under_way.run_id if page.under_way else None,
            runs=[run_item(line) for line in page.runs],
            flags=[FlagBrief.model_validate(flag) for flag in page.current],
        )
    )


@operation(
    "POST",
    "/actions/{action_id}/runs",
    answers={200: RequestedRun, 201: RequestedRun},
    refusals=(404,),
    sends={"Location": "The address of the run."},
)
def request_run(action_id: str) -> Response:
    """Have an action triaged: a new run (201), or the one that is under way (200). No body is needed."""
    try:
        run_id, new = usecases.request_again(services().sessions, action_id, requested_by=person().subject)
    except UnknownActionError:
        abort(404)
    return reply(
        RequestedRun(run_id=run_id, action_id=action_id, new=new),
        status=HTTPStatus.CREATED if new else HTTPStatus.OK,
        headers={"Location": url_for("api.run", run_id=run_id)},
    )
