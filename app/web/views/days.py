"""A day's work of the demo, started from the page: its figures on three sides, kept and comparable."""

import json
from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.web.pictures.column_chart import ColumnChart, column_chart
from app.web.presenter_state import KeptDay, LivesGroup
from app.web.presenting import known_state, order

bp = Blueprint("days", __name__, url_prefix="/days")
#: The most runs that a person may start at once.
MOST_RUNS = 400


@bp.get("")
def queue() -> ResponseReturnValue:
    """The days that were done, newest first, and a form to start one."""
    return _list()


@bp.post("")
def start() -> ResponseReturnValue:
    """Start a day of so many runs, or show the form again."""
    wanted = request.form.get("runs", "").strip()
    if not (wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:9]) <= MOST_RUNS):
        return _list(
            wanted, error=f"Enter a number of runs from 1 to {MOST_RUNS}."
        ), HTTPStatus.UNPROCESSABLE_ENTITY
    order("day", "Started. The figures appear here when all credentials are dead.", runs=int(wanted))
    return redirect(url_for(".queue"), HTTPStatus.SEE_OTHER)


@bp.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """One day: outcomes, three sides, lives of credentials, quota, alarms."""
    day = _day(number)
    return render_template("days/show.html", day=day, picture=_lives(day.figures.lives))


@bp.get("/<int:number>.json")
def download(number: int) -> Response:
    """The same as a JSON document, as `triage day --json` writes it."""
    document = json.dumps(_day(number).report, indent=2) + "\n"
    answer = Response(document, mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename=f"day-{number}.json")
    return answer


def _list(runs: str = "40", *, error: str = "") -> str:
    state, problem = known_state()
    return render_template(
        "days/list.html", state=state, problem=problem, runs=runs, error=error, most=MOST_RUNS
    )


def _day(number: int) -> KeptDay:
    state, _ = known_state()
    days = state.days if state else ()
    return next((day for day in days if day.number == number), None) or abort(404)


def _lives(groups: Sequence[LivesGroup]) -> ColumnChart:
    """How many credentials lived how long, leased ones and signed tokens together."""
    ends = [each.up_to_seconds for each in groups]
    labels = [f"to {end:g} s" if end is not None else "longer" for end in ends]
    numbers = [each.leased + each.signed_tokens for each in groups]
    leased = [place for place, each in enumerate(groups) if each.leased]
    longest = (
        f"Leased credentials lived {labels[leased[-1]].removeprefix('to ')} at most"
        if leased
        else "None was leased"
    )
    return column_chart(
        labels,
        numbers,
        f"{longest}; {sum(each.signed_tokens for each in groups):,} signed tokens ran to their end.",
    )
