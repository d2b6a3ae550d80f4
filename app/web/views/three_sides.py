"""What the vault issued, what tools saw and what is recorded, for a day, an hour or a run."""

from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.report import Overview, overview_of_run, overview_of_time, read_until
from app.web.comparable_times import HOURS, bounds, day_of_query, hour_of_query
from app.web.list_queries import ignore
from app.web.services import services

bp = Blueprint("three_sides", __name__, url_prefix="/reconciliation")
#: The most leftovers on a page.
MOST_LEFTOVERS = 200


@bp.get("")
def show() -> ResponseReturnValue:
    """The three sides of a run, an hour or a day; by default of the day to which all logs have been read."""
    run_id, overview = _of_run(), None
    day = day_of_query(services().clock.now()) if run_id is None else None
    hour = hour_of_query(day) if run_id is None else None
    if run_id is not None:
        overview = overview_of_run(services().database, ISSUING_PATHS, run_id)
    else:
        overview = _of_time(day, hour)
    sides = overview.sides if overview else None
    leftovers = sorted(sides.leftovers, key=lambda each: each.explanation is not None) if sides else []
    return render_template(
        "three_sides.html",
        run_id=run_id,
        day=day,
        hour=hour,
        hours=HOURS,
        sides=sides,
        policies=overview.policies if overview else (),
        leftovers=leftovers[:MOST_LEFTOVERS],
        hidden=max(0, len(leftovers) - MOST_LEFTOVERS),
    )


def _of_run() -> UUID | None:
    value = request.args.get("run", "").strip()
    if not value:
        return None
    try:
        run_id = UUID(value)
    except ValueError:
        run_id = None
    if run_id is None or not services().queries.has_run(run_id):
        ignore("run", value)
        return None
    return run_id


def _of_time(day: date | None, hour: str | None) -> Overview:
    database = services().database
    if day is None:
        return overview_of_time(database, ISSUING_PATHS)
    since, until = bounds(day, hour)
    return overview_of_time(database, ISSUING_PATHS, since, _so_far(since, until))


def _so_far(since: datetime, until: datetime) -> datetime:
    """The end of a time, or how far the logs have been read within it: the rest has not happened, or is still to be read."""
    read = read_until(services().database, ISSUING_PATHS)
    return read if read is not None and since < read < until else until
