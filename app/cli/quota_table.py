"""The table of a day's quota at SAM.gov."""

from collections.abc import Iterator

from app.cli.output import out
from app.cli.text_tables import Column, Kind, show_table
from app.procurement.daily_quota import QuotaDay, QuotaUse
from app.procurement.federal_time import eastern

_NUMBERS = ("Runs", "Calls", "Per run", "Budget", "Share")


def show_quota(day: QuotaDay) -> None:
    """Print what was used so far, what a full day would use, and what is over the budget."""
    rows = {
        "today so far": day.used,
        "a full day at today's average": day.full_day,
        "a full day as planned, 3 vendors a run": day.planned_day,
    }
    show_table(
        f"SAM.gov quota of {day.began:%Y-%m-%d}",
        (Column("Of"), *(Column(name, Kind.NUMBER) for name in _NUMBERS)),
        ((name, *(_cells(use) if use else ["not known", "", "", "", ""])) for name, use in rows.items()),
    )
    eastern_time = f"{eastern(day.resets_at):%Y-%m-%d %H:%M %Z}"
    out.print(f"It resets at {day.resets_at:%Y-%m-%d %H:%M} UTC ({eastern_time}).", highlight=False)
    for words in _over(day):
        out.print(f"[bold red]{words}", highlight=False)


def _cells(use: QuotaUse) -> list[str]:
    average = "-" if use.per_run is None else f"{use.per_run:.1f}"
    return [f"{use.runs:,}", f"{use.calls:,}", average, f"{use.quota:,}", f"{use.share:.1%}"]


def _over(day: QuotaDay) -> Iterator[str]:
    if day.used.over:
        yield f"SAM.gov: over the day's budget of {day.quota:,} calls by {day.used.over:,}"
    if day.full_day and day.full_day.over:
        yield (
            f"SAM.gov: {day.full_day.runs} runs at this average would pass the budget by {day.full_day.over:,} calls;"
            f" there is room for {day.full_day.runs_that_fit} runs a day"
        )
