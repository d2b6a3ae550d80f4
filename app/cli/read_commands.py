"""The command `triage runs`, and tables of runs and flags."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from app.cli.api_client import Client
from app.cli.context import Context, reported
from app.cli.options import ActionStart, AsJson, Limit
from app.cli.output import out, print_json
from app.cli.points_in_time import Since, moment_of
from app.cli.text_tables import Column, Kind, show_table
from app.credentials.tables import RunState
from app.review.queries import FlagLine, Pages, RunFilter, RunLine
from app.web.api.runs import run_item
from app.web.list_queries import ME, MOST_DAYS


def runs(
    *,
    state: Annotated[
        RunState | None,
        typer.Option(metavar="STATE", help=f"Only runs in this state: {', '.join(RunState)}."),
    ] = None,
    action: ActionStart = None,
    requested_by: Annotated[
        str | None, typer.Option(metavar="SUBJECT", help="Who requested it: a subject, or me.")
    ] = None,
    since: Since = None,
    within: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_DAYS, metavar="DAYS", help="Requested in the last N days."),
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show runs, newest first, with the filters of the JSON API.

    With --json, each is an object as in the API's list.
    """
    with reported(), Context() as context:
        now = context.database_time()
        limits = (moment_of(since, now), now - timedelta(days=within) if within else None)
        wanted = RunFilter(
            state=state,
            action=action,
            requested_by=subject_of(context, requested_by) if requested_by else None,
            since=max(filter(None, limits), default=None),
        )
        pages = Pages(context.sessions)
        lines = pages.runs(wanted, limit=limit)
        unconfirmed = pages.queue().unconfirmed
    if as_json:
        print_json([run_item(line).model_dump(mode="json", by_alias=True) for line in lines])
    else:
        show_runs(lines)
        if unconfirmed.oldest:
            out.print(
                f"Ended attempts not confirmed: {unconfirmed.attempts}, the oldest since"
                f" {unconfirmed.oldest:%Y-%m-%d %H:%M:%S} UTC"
                f"{f', because {unconfirmed.problem}' if unconfirmed.problem else ''}.",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


def subject_of(context: Context, person: str) -> str:
    """The subject in a filter by person; `me` is the person whose token is in TRIAGE_TOKEN_FILE, as the API says."""
    return Client.of(context).me() if person == ME else person


def show_runs(lines: Sequence[RunLine]) -> None:
    """Print runs as a table."""
    columns = (
        Column("Run", Kind.ID),
        Column("Action", Kind.ID),
        Column("Findings", Kind.NUMBER),
        Column("Outcome", Kind.TEXT),
    )
    show_table(
        "Runs",
        columns,
        (
            (
                line.run.run_id,
                line.action.action_id,
                line.findings,
                line.outcome + (f": {line.run.waits_because}" if line.run.waits_because else ""),
            )
            for line in lines
        ),
    )


DIFFERENCE = Column("What differs", Kind.TEXT)


def show_flags(lines: Sequence[FlagLine]) -> None:
    """Print findings as a table."""
    columns = (
        Column("Severity"),
        Column("Rule"),
        Column("Action", Kind.ID),
        DIFFERENCE,
        Column("Flag", Kind.ID),
    )
    flags = [line.flag for line in lines]
    show_table(
        "Findings",
        columns,
        ((flag.severity, flag.rule, flag.action_id, flag.because, flag.flag_id) for flag in flags),
    )
