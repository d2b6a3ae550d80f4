"""Drafts of the forms on the page of a flag. Pages send them by themselves; `static/draft.js`."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.review.draft_records import LIMITS
from app.web.display import clock_time
from app.web.flag_page.review_forms import version_of
from app.web.services import services
from app.web.sign_in.current_person import person

bp = Blueprint("drafts", __name__, url_prefix="/flags/<uuid:flag_id>/draft")


@bp.post("")
def save(flag_id: UUID) -> ResponseReturnValue:
    """Store what is typed. Other fields are ignored; 422 if one is longer than its form allows."""
    version = version_of(request.form.get("version", ""))
    # PostgreSQL stores no NUL, and the form will refuse it.
    fields = {
        name: request.form[name].replace("\x00", "\N{REPLACEMENT CHARACTER}")
        for name in LIMITS
        if name in request.form
    }
    if version is None or any(len(value) > LIMITS[name] for name, value in fields.items()):
        return {"saved": None}, HTTPStatus.UNPROCESSABLE_ENTITY
    if not services().drafts.save(person().subject, flag_id, version, fields):
        abort(404)
    now = services().clock.now()
    return {"saved": clock_time(now, now=now)}


@bp.post("/discard")
def discard(flag_id: UUID) -> ResponseReturnValue:
    """Delete the person's draft."""
    services().drafts.discard(person().subject, flag_id)
    flash("Your draft was discarded.", "success")
    return redirect(url_for("flags.show", flag_id=flag_id, _anchor="deciding"), HTTPStatus.SEE_OTHER)
