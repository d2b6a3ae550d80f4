"""The start page, and the health endpoints."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.credentials.grants import MAX_TTL_SECONDS
from app.procurement.systems import ISSUING_PATHS, SYSTEMS
from app.reconciliation.report import reconcile_lately
from app.review.roles import Permission, Person, Role
from app.web.pictures.trend import Trend, trend
from app.web.readiness import readiness
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("start", __name__)

#: Parts of the page by role, most important first. A person with several roles gets the first.
PARTS: Mapping[Role, Sequence[str]] = {
    Role.OFFICER: ("mine", "trends", "done"),
    Role.AUDITOR: ("done", "alarms", "trends"),
    Role.OPERATOR: ("alarms", "now", "processes", "trends"),
}
#: The time that is compared for the start page: the longest life of a credential.
LATELY = timedelta(seconds=MAX_TTL_SECONDS)


@bp.get("/")
def home() -> ResponseReturnValue:
    """What waits for this person, and the trend of the last days."""
    me = person()
    first = _first_role(me)
    page = services().queries.start(
        subject=me.subject,
        with_alarms=me.may(Permission.READ_ALARMS),
        with_stack=first is Role.OPERATOR,
        now=services().clock.now(),
    )
    pictures = {
        "flags": (
            "Flags raised and closed",
            trend(page.days, {"Raised": page.by_day["raised"], "Closed": page.by_day["closed"]}),
        ),
        "runs": ("Runs requested", trend(page.days, {"Runs": page.by_day["runs"]})),
        "credentials": (
            "Credentials issued",
            trend(page.days, {"Credentials": page.by_day["credentials"]}),
        ),
    }
    return render_template(
        "start/home.html",
        page=page,
        compared=reconcile_lately(services().database, ISSUING_PATHS, LATELY)
        if "alarms" in PARTS[first] and me.may(Permission.READ_ALARMS)
        else None,
        lately=LATELY,
        systems=[system.name for system in SYSTEMS],
        role=first,
        parts=PARTS[first],
        pictures=pictures if first is not Role.OPERATOR else _reversed(pictures),
    )


def _first_role(me: Person) -> Role:
    return next((role for role in PARTS if role in me.roles), Role.AUDITOR)


def _reversed(pictures: Mapping[str, tuple[str, Trend]]) -> dict[str, tuple[str, Trend]]:
    """The pictures in reverse order: credentials first."""
    return dict(reversed(list(pictures.items())))


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    """Liveness: this process serves."""
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Readiness: 503 while the database is not usable; the log says why."""
    if readiness().problem() is None:
        return {"ready": True}
    return {"ready": False, "not_ready": ["database"]}, HTTPStatus.SERVICE_UNAVAILABLE
