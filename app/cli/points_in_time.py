"""The option `--since`: a day, a moment, or a length of time before now."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from app.cli.output import CommandError
from app.intake.problems import shown
from app.procurement.federal_time import eastern_midnight
from app.web.list_queries import MOST_DAYS

Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="This time or later: an Eastern day (2026-09-14), a moment with its offset (2026-09-14T08:00-04:00),"
        " or a length of time before now (90m, 2h, 3d).",
    ),
]

_BACK = re.compile(r"([1-9][0-9]{0,6})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(2000, 2100)
_MEANING = (
    "is not a day (2026-09-14), a moment with its offset (2026-09-14T08:00-04:00), or a length of time"
    f" (90m, 2h, 3d; at most {MOST_DAYS}d)"
)


def moment_of(text: str | None, now: datetime) -> datetime | None:
    """The moment that `--since` names, if it is given. A day begins at midnight in Washington, D.C.

    Raises `CommandError` if it is none.
    """
    if text is None:
        return None
    try:
        moment = _before(text, now) or _start_of_day(text) or datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
        raise CommandError(f"--since: {shown(text)} {_MEANING}")
    return moment


def _before(text: str, now: datetime) -> datetime | None:
    if (found := _BACK.fullmatch(text)) is None:
        return None
    length = int(found[1]) * _UNITS[found[2]]
    if length > timedelta(days=MOST_DAYS):
        raise ValueError(text)
    return now - length


def _start_of_day(text: str) -> datetime | None:
    if not _DAY.fullmatch(text):
        return None
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError(text)
    return eastern_midnight(day)
