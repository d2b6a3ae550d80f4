"""A person's saved filters of the queue."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.procurement.free_text import refusal, tidied
from app.review.saved_view_records import SavedViewError
from app.web.queue_filter import QueueQuery, query_of_text
from app.web.services import services
from app.web.sign_in import person
from app.web.views.flags import page

bp = Blueprint("saved_views", __name__, url_prefix="/flags/views")
_LONGEST = 80


@bp.post("/save")
def save() -> ResponseReturnValue:
    """Save the filter of the page under a name; replaces a view of the same name."""
    shown, name = _shown(), tidied(request.form.get("name", ""))
    if problem := _problem(name):
        return page(shown, errors={"name": problem}, typed={"name": name}), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        services().saved_views.save(person().subject, name, shown.query_string)
    except SavedViewError as error:
        return page(shown, errors={"name": str(error)}, typed={"name": name}), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"Saved as “{name}”.", "success")
    return _back(shown)


@bp.post("/rename")
def rename() -> ResponseReturnValue:
    """Rename a view."""
    shown, old, name = _shown(), request.form.get("view", ""), tidied(request.form.get("new-name", ""))
    problem = _problem(name)
    if problem is None:
        try:
            if not services().saved_views.rename(person().subject, _known(old), name):
                problem = "This view no longer exists."
        except SavedViewError as error:
            problem = str(error)
    if problem:
        typed = {"new-name": name, "view": old}
        return page(shown, errors={"new-name": problem}, typed=typed), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"Renamed to “{name}”.", "success")
    return _back(shown)


@bp.post("/delete")
def delete() -> ResponseReturnValue:
    """Delete a view."""
    name = _known(request.form.get("view", ""))
    services().saved_views.delete(person().subject, name)
    flash(f"“{name}” was deleted. This page still uses its filter.", "success")
    return _back(_shown())


def _shown() -> QueueQuery:
    return query_of_text(
        request.form.get("query", ""),
        me=person().subject,
        now=services().clock.now(),
        ageing=services().ageing,
    )


def _back(shown: QueueQuery) -> Response:
    return redirect(shown.link(), HTTPStatus.SEE_OTHER)


def _known(name: str) -> str:
    return name if _problem(name) is None else ""


def _problem(name: str) -> str | None:
    return refusal(name, limit=_LONGEST, lines=False) if name else "Enter a name for the view."
