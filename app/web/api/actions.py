"""Submit actions, read them, and request runs of them."""

from http import HTTPStatus
from itertools import zip_longest

from flask import Response, abort, url_for

from app import usecases
from app.intake import MOST_ACTIONS, IntakeError
from app.intake.problems import Problem, shown
from app.review.queries import ActionLine
from app.store.actions import ConflictError, UnknownActionError, to_domain
from app.store.submissions import KeyReusedError, SubmissionOutcome
from app.web.api.operations import Archive, Header, following, operation, reply
from app.web.api.problem_details import KEY, TAKEN, invalid_input, unreadable
from app.web.api.request_body import header_of
from app.web.api.runs import run_item
from app.web.api.shapes.actions import (
    Action,
    ActionItem,
    ActionQuery,
    Actions,
    ReadyToSign,
    SubmissionResult,
    SubmitQuery,
    SubmittedItem,
    Submitting,
)
from app.web.api.shapes.flags import FlagBrief
from app.web.api.shapes.runs import RequestedRun
from app.web.export_guard import sent
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import person

_KEY = Header(
    name="Idempotency-Key",
    pattern=r"[\x21-\x7e]{1,200}",
    meaning="a key you choose, 1 to 200 visible ASCII characters; repeat it when you send the same request again",
    example="8e03978e-40d5-43dd-bc93-6894a57f9324",
)


@operation(
    "POST",
    "/actions",
    query=SubmitQuery,
    body=Submitting,
    raw=True,
    header=_KEY,
    answers={201: SubmissionResult},
    refusals=(409, 413, 415, 422),
    sends={"Idempotency-Replayed": "`true` if this request was carried out before under the same key."},
)
def submit(query: SubmitQuery, body: str) -> Response:
    """Submit actions, all or none.

    With `run=true`, a run of each action is requested, or the run under way is returned. For seven days, the same request
    under the same key is carried out only once; repetitions get the same response with `Idempotency-Replayed: true`, and
    a different request under that key is refused with 422. An action submitted before must have the same content, or all
    actions are refused with 409.
    """
    key = header_of(_KEY.name, _KEY.pattern, _KEY.meaning)
    try:
        outcome, new = usecases.submit_once(
            services().sessions,
            body,
            by=person().subject,
            key=key,
            run=query.run == "true",
            most=MOST_ACTIONS,
        )
    except IntakeError as error:
        raise unreadable(error) from None
    except ConflictError as error:
        fault = Problem("action_id", "was already submitted with different content", shown(error.action_id))
        raise invalid_input(HTTPStatus.CONFLICT, [fault], kind=TAKEN) from None
    except KeyReusedError:
        fault = Problem(_KEY.name, "was already used for a different request", shown(key))
        raise invalid_input(HTTPStatus.UNPROCESSABLE_ENTITY, [fault], kind=KEY) from None
    note(actions=outcome.action_ids, runs=outcome.run_ids, new=new)
    headers = {} if new else {"Idempotency-Replayed": "true"}
    return reply(_submitted(outcome), status=HTTPStatus.CREATED, headers=headers)


def _submitted(outcome: SubmissionOutcome) -> SubmissionResult:
    return SubmissionResult(
        actions=[
            SubmittedItem(action_id=action_id, new=action_id in outcome.new, run_id=run_id)
            for action_id, run_id in zip_longest(outcome.action_ids, outcome.run_ids)
        ]
    )


@operation("GET", "/actions", query=ActionQuery, answers={200: Actions})
def actions(query: ActionQuery) -> Response:
    """Actions, last submitted first."""
    lines = services().queries.actions(text=query.q, after=query.after, limit=query.limit + 1)
    shown_, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        Actions(
            items=[_item(line) for line in shown_],
            next=following(shown_[-1].action.action_id if more else None),
        )
    )


def _item(line: ActionLine) -> ActionItem:
    return ActionItem.model_validate(
        {
            **line.action.model_dump(),
            "latest_run": line.run.run_id if line.run else None,
            "open_flags": line.waiting,
            "blocking_flags": line.blocking,
        }
    )


@operation("GET", "/actions/{action_id}", answers={200: Action}, refusals=(404,))
def action(action_id: str) -> Response:
    """One action as submitted, its latest runs, and the flags of the latest completed run."""
    page = services().queries.action(action_id) or abort(404)
    return reply(
        Action(
            action=to_domain(page.action.model_dump()),
            submitted_at=page.action.submitted_at,
            sign_off=ReadyToSign.model_validate(page.sign_off),
            under_way=page.under_way.run_id if page.under_way else None,
            runs=[run_item(line) for line in page.runs],
            flags=[FlagBrief.model_validate(flag) for flag in page.current],
        )
    )


@operation("GET", "/actions/{action_id}/contract-file", answers={200: Archive}, refusals=(404, 422))
def contract_file(action_id: str) -> Response:
    """The signed contract file of an action, as on its page: PDF, JSON, raw answers and the digests of all of them."""
    return sent(services().exporter.contract_file(action_id, person()) or abort(404))


@operation(
    "POST",
    "/actions/{action_id}/runs",
    answers={200: RequestedRun, 201: RequestedRun},
    refusals=(404,),
    sends={"Location": "The address of the run."},
)
def request_run(action_id: str) -> Response:
    """Request a run of an action: a new run (201), or the one under way (200). No body is needed."""
    try:
        run_id, new = usecases.request_again(services().sessions, action_id, requested_by=person().subject)
    except UnknownActionError:
        abort(404)
    note(run=run_id, new=new)
    return reply(
        RequestedRun(run_id=run_id, action_id=action_id, new=new),
        status=HTTPStatus.CREATED if new else HTTPStatus.OK,
        headers={"Location": url_for("api.run", run_id=run_id)},
    )
