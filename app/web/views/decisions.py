"""Review of one flag: decide, concur, undo, assign, comment. Each adds an event to its history."""

from datetime import date
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, flash, redirect
from flask.typing import ResponseReturnValue

from app.procurement.federal_time import eastern_day
from app.procurement.labels import DECISIONS
from app.review.flag_history import Decision, EventKind, ReviewError
from app.review.queries.people import officers
from app.review.referrals import day_of
from app.review.reviews import StaleError, UnknownFlagError
from app.web.flag_page.page import flag_page
from app.web.flag_page.review_forms import Typed, decision_form, typed
from app.web.flag_page.way_through import carry_queue, go_on, stay
from app.web.recording.event_notes import note_review
from app.web.services import services
from app.web.sign_in.current_person import person

bp = Blueprint("decisions", __name__, url_prefix="/flags/<uuid:flag_id>")
bp.url_defaults(carry_queue)
#: What ends the work on a flag: the next one follows.
_SETTLING = frozenset({EventKind.DECIDED, EventKind.CONCURRED, EventKind.DECLINED})


@bp.get("/decision")
@bp.get("/concurrence")
@bp.get("/undo")
@bp.get("/assignment")
@bp.get("/comment")
def back(flag_id: UUID) -> ResponseReturnValue:
    """Lead back to the flag when someone reloads a rejected form."""
    return redirect(stay(flag_id))


@bp.post("/decision")
def decide(flag_id: UUID) -> ResponseReturnValue:
    """Decide a flag, or change the decision of one that is confirmed or referred."""
    today = eastern_day(services().clock.now())
    form, decision = decision_form(services().reviews.referrals, today)
    if decision is Decision.REFERRED:
        office, due_on = form.of("office"), day_of(form.of("due_on"))
        done = f"Referred to {office}, due {due_on}"
        return _add(flag_id, form, EventKind.DECIDED, done, decision=decision, office=office, due_on=due_on)
    done = DECISIONS[decision] if decision else ""
    return _add(flag_id, form, EventKind.DECIDED, done, decision=decision)


@bp.post("/concurrence")
def concur(flag_id: UUID) -> ResponseReturnValue:
    """Concur with a colleague's decision, or decline."""
    form = typed("concurrence", "answer", "second-reason")
    kinds = {"concur": EventKind.CONCURRED, "decline": EventKind.DECLINED}
    kind = kinds.get(form.of("answer"))
    if kind is None:
        form = form.with_error("Choose whether you concur.", "answer")
    done = (
        "you concurred, the flag is closed"
        if kind is EventKind.CONCURRED
        else "you declined, the flag is open again"
    )
    return _add(flag_id, form, kind or EventKind.CONCURRED, done)


@bp.post("/undo")
def undo(flag_id: UUID) -> ResponseReturnValue:
    """Undo the decision in force; it stays in the history."""
    form = typed("undo", "undo-reason")
    return _add(flag_id, form, EventKind.UNDONE, "The decision is undone. The flag is open again.")


@bp.post("/assignment")
def assign(flag_id: UUID) -> ResponseReturnValue:
    """Assign a flag to an officer, or remove the assignment."""
    form = typed("assignment", "assignee")
    known = {person().subject: person().name, **officers(services().queries.people())}
    to = form.of("assignee")
    if to and to not in known:
        form = form.with_error("Choose an officer from the list, or “Not assigned”.", "assignee")
    done = f"Assigned to {known.get(to, to)}." if to else "The assignment was removed."
    return _add(flag_id, form, EventKind.ASSIGNED, done, assignee=to or None)


@bp.post("/comment")
def comment(flag_id: UUID) -> ResponseReturnValue:
    """Add a comment, which changes nothing else."""
    return _add(flag_id, typed("comment", "comment"), EventKind.COMMENTED, "Your comment was added.")


def _add(
    flag_id: UUID,
    form: Typed,
    kind: EventKind,
    done: str,
    *,
    decision: Decision | None = None,
    assignee: str | None = None,
    office: str | None = None,
    due_on: date | None = None,
) -> ResponseReturnValue:
    """Add the event and lead on to the next flag or back to this one; or show it with the form and its errors."""
    note_review(kind, decision, assignee, office)
    if form.errors or form.version is None:
        return flag_page(flag_id, typed=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services().reviews.add(
            flag_id,
            version=form.version,
            kind=kind,
            by=person().subject,
            by_name=person().name,
            decision=decision,
            rationale=form.reason,
            reference=form.of("reference"),
            assignee=assignee,
            office=office,
            due_on=due_on,
        )
    except UnknownFlagError:
        abort(404)
    except StaleError:
        return flag_page(flag_id, typed=form, status=HTTPStatus.CONFLICT)
    except ReviewError as error:
        return flag_page(flag_id, typed=form.with_error(str(error)), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if kind in _SETTLING:
        return go_on(flag_id, done)
    flash(done, "success")
    return redirect(stay(flag_id, anchor="deciding"), HTTPStatus.SEE_OTHER)
