"""Alarms for security operators."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.credentials.alarm_kinds import ALARM_KINDS, UNKNOWN_KIND
from app.web.list_queries import PAGE, cursor
from app.web.services import services

bp = Blueprint("alarms", __name__, url_prefix="/alarms")


@bp.get("")
def queue() -> ResponseReturnValue:
    """All alarms, newest first."""
    after = cursor()
    lines = services().queries.alarms(after=after, limit=PAGE + 1)
    return render_template(
        "alarms.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].alarm_id if len(lines) > PAGE else None,
        after=after,
        kinds=ALARM_KINDS,
        unknown_kind=UNKNOWN_KIND,
    )
