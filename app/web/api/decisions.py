"""Review flags: decide, concur, undo, assign, comment. Each request names the version of the flag it is based on."""

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from uuid import UUID

from flask import Response, abort

from app.intake.problems import Problem, shown
from app.procurement.federal_time import eastern_day
from app.review.flag_history import Decision, EventKind, ReviewError
from app.review.queries.people import officers
from app.review.reviews import StaleError, UnknownFlagError
from app.web.api.operations import operation, reply
from app.web.api.problem_details import NOT_NOW, ProblemError, changed, invalid_input
from app.web.api.shapes.history import Assigning, Commenting, Concurring, Deciding, ReviewState, Undoing
from app.web.recording.event_notes import note_review
from app.web.services import services
from app.web.sign_in import person

_REFUSALS = (404, 409, 413, 415, 422)


@operation(
    "POST", "/flags/{flag_id}/decisions", body=Deciding, answers={200: ReviewState}, refusals=_REFUSALS
)
def decide(flag_id: UUID, body: Deciding) -> Response:
    """Decide a flag at the version you have seen. If another person was first, 409 says who; the same again is stored once."""
    if body.decision is Decision.REFERRED and (faults := list(_referral_faults(body))):
        raise invalid_input(HTTPStatus.UNPROCESSABLE_ENTITY, faults)
    return _add(
        flag_id,
        body.version,
        EventKind.DECIDED,
        decision=body.decision,
        rationale=body.rationale,
        reference=body.reference,
        office=body.office,
        due_on=body.due_on,
    )


@operation(
    "POST", "/flags/{flag_id}/concurrences", body=Concurring, answers={200: ReviewState}, refusals=_REFUSALS
)
def concur(flag_id: UUID, body: Concurring) -> Response:
    """Concur with another officer's decision, or decline, which opens the flag again."""
    kind = EventKind.CONCURRED if body.answer == "concur" else EventKind.DECLINED
    return _add(flag_id, body.version, kind, rationale=body.rationale)


@operation("POST", "/flags/{flag_id}/undoings", body=Undoing, answers={200: ReviewState}, refusals=_REFUSALS)
def undo(flag_id: UUID, body: Undoing) -> Response:
    """Undo the decision in force. It stays in the history; the flag is open again."""
    return _add(flag_id, body.version, EventKind.UNDONE, rationale=body.rationale)


@operation(
    "POST", "/flags/{flag_id}/assignments", body=Assigning, answers={200: ReviewState}, refusals=_REFUSALS
)
def assign(flag_id: UUID, body: Assigning) -> Response:
    """Assign a flag to yourself or to an officer who has signed in before, or remove the assignment."""
    to = body.assignee
    if to not in {None, person().subject} and to not in officers(services().queries.people()):
        fault = Problem("assignee", "is not an officer who has signed in here", shown(to))
        raise invalid_input(HTTPStatus.UNPROCESSABLE_ENTITY, [fault])
    return _add(flag_id, body.version, EventKind.ASSIGNED, assignee=to)


@operation(
    "POST", "/flags/{flag_id}/comments", body=Commenting, answers={200: ReviewState}, refusals=_REFUSALS
)
def comment(flag_id: UUID, body: Commenting) -> Response:
    """Comment on a flag. The comment follows what was added since your version; the same one sent again is stored once."""
    return _add(flag_id, body.version, EventKind.COMMENTED, rationale=body.comment)


def _referral_faults(body: Deciding) -> Iterator[Problem]:
    policy, today = services().reviews.referrals, eastern_day(services().clock.now())
    for name, _ in policy.faults(body.office, body.due_on, today=today):
        known = {
            "office": f"is not one of the offices: {', '.join(policy.offices)}",
            "due_on": f"is not a day from {today} to {policy.latest(today)}, Eastern time",
        }
        yield Problem(name, known[name], shown(str(getattr(body, name))))


def _add(
    flag_id: UUID,
    version: int,
    kind: EventKind,
    *,
    decision: Decision | None = None,
    rationale: str = "",
    reference: str | None = None,
    assignee: str | None = None,
    office: str | None = None,
    due_on: date | None = None,
) -> Response:
    note_review(kind, decision, assignee, office)
    try:
        state = services().reviews.add(
            flag_id,
            version=version,
            kind=kind,
            by=person().subject,
            by_name=person().name,
            decision=decision,
            rationale=rationale,
            reference=reference,
            assignee=assignee,
            office=office,
            due_on=due_on,
        )
    except UnknownFlagError:
        abort(404)
    except StaleError as error:
        raise changed(ReviewState.of(flag_id, error.state), error.event) from None
    except ReviewError as error:
        raise ProblemError(
            HTTPStatus.CONFLICT, str(error), kind=NOT_NOW, title="The state of the flag does not allow this"
        ) from None
    return reply(ReviewState.of(flag_id, state))
