"""What a thief could have held, with static keys and with one credential for each run and system."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.procurement.federal_time import eastern, eastern_day
from app.procurement.systems import ISSUING_PATHS, SYSTEMS
from app.reconciliation.report import read_until
from app.review.measured_exposure import MeasuredExposure, MeasuredExposureError
from app.web.comparable_times import HOURS, bounds, day_of_query, starts_of_hour
from app.web.list_queries import choice, ignore
from app.web.pictures.column_chart import ColumnChart, column_chart
from app.web.presenting import known_state, order
from app.web.services import services

bp = Blueprint("exposure", __name__, url_prefix="/exposure")
#: Days after which a static key is replaced, as the query writes them, and in words.
ROTATIONS = {"90": "every 90 days", "365": "every year", "never": "never"}
_NOW = "now"
_TIME = re.compile(r"(\d\d):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_HOUR = timedelta(hours=1)
#: Runs of a comparison, with static keys and without.
_COMPARED = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticKeys:
    """One key for each system, valid all the time: what the same day would have been. Times in seconds.

    `stolen_for`: how long a stolen key works at most, in days; None if it is never replaced.
    """

    systems: int
    seconds: float
    stolen_for: int | None

    @property
    def seconds_at_risk(self) -> float:
        """Credential-seconds: each key is alive in every second."""
        return self.systems * self.seconds


@bp.get("")
def show() -> ResponseReturnValue:
    """The exposure of an Eastern day, by default of today so far, and what would have been stolen at one moment of it."""
    now = services().clock.now()
    day = day_of_query(now) or eastern_day(now)
    since, until = bounds(day, None)
    until = min(until, now)
    found = services().queries.exposure(ISSUING_PATHS, since, until)
    rotation = choice("rotation", ROTATIONS) or "90"
    moment = _moment(day, now) or found.worst_moment or until
    held = services().queries.lives(ISSUING_PATHS, moment, moment)
    read = read_until(services().database, ISSUING_PATHS) or now
    parts = [since + number * _HOUR for number in range(-(-(until - since) // _HOUR))]
    state, problem = known_state() if services().presenter else (None, "")
    measured = None
    if state and state.compared:
        try:
            measured = MeasuredExposure.from_json(json.dumps(dict(state.compared.report)))
        except MeasuredExposureError as wrong:
            problem = str(wrong)
    return render_template(
        "exposure.html",
        state=state,
        problem=problem,
        measured=measured,
        day=day,
        now=now,
        exposure=found,
        seconds=(until - since).total_seconds(),
        keys=StaticKeys(
            systems=len(SYSTEMS),
            seconds=(until - since).total_seconds(),
            stolen_for=int(rotation) if rotation.isdecimal() else None,
        ),
        rotation=rotation,
        rotations=list(ROTATIONS.items()),
        moment=moment,
        asked=request.args.get("at"),
        before_log=found.log_begins is None or moment < found.log_begins,
        after_log=read < moment,
        read=read,
        held=held,
        scopes={system.name: system.credential.scope for system in SYSTEMS},
        picture=_by_hour([f"{eastern(at):%H}:00" for at in parts], found.most_by_part(_HOUR))
        if parts
        else None,
    )


@bp.post("/comparison")
def compare() -> ResponseReturnValue:
    """Have the same runs done with static keys and without, and both robbed."""
    order(
        "compare",
        f"Started: {_COMPARED} runs with static keys and {_COMPARED} without, on a stack of their own.",
        runs=_COMPARED,
    )
    return redirect(url_for(".show", _anchor="measured"), HTTPStatus.SEE_OTHER)


def _by_hour(labels: Sequence[str], most: Sequence[int]) -> ColumnChart:
    worst = max(most)
    summary = (
        f"At most {worst:,} at once, in the hour that begins at {labels[most.index(worst)]} Eastern;"
        f" none in {most.count(0)} of {len(most)} hours."
    )
    return column_chart(labels, most, summary)


def _moment(day: date, now: datetime) -> datetime | None:
    """The moment in `at`: now, or a time of the day on Washington's clock; None if it is not set, or is neither."""
    value = request.args.get("at", "").strip()
    if not value:
        return None
    if value == _NOW and day == eastern_day(now):
        return now
    if (written := _TIME.fullmatch(value)) and written[1] in HOURS:
        after_the_hour = timedelta(minutes=int(written[2]), seconds=int(written[3] or 0))
        for start in starts_of_hour(day, written[1]):
            if start + after_the_hour < now:
                return start + after_the_hour
    ignore("at", value)
    return None
