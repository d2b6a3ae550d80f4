"""The commands `triage runs` and `triage flags`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from app.cli.context import Context, out, print_json, reported
from app.cli.text_tables import Column, Kind, show_table
from app.credentials.tables import RunState
from app.procurement.finding import Severity
from app.procurement.rules import RULES
from app.review.queries import FlagFilter, FlagLine, Pages, RunFilter, RunLine
from app.review.queries.runs import run_fields

RuleId = StrEnum("RuleId", {rule.id: rule.id for rule in RULES})  # type: ignore[misc]  # made from the rules

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="Maximum number of lines.")]


def runs(
    state: Annotated[
        RunState | None,
        typer.Option(metavar="STATE", help=f"Only runs in this state: {', '.join(RunState)}."),
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show runs, newest first."""
    with reported():
        pages = Pages(Context().sessions)
        lines = pages.runs(RunFilter(state=state), limit=limit)
        unconfirmed = pages.queue().unconfirmed
    if as_json:
        print_json([{**run_fields(line.run), "findings": line.findings} for line in lines])
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


#: Columns of a flag that serve searching and sorting only.
_SEARCH_COLUMNS = {"search", "assigned_to", "arrived"}


def flags(
    severity: Annotated[
        Severity | None,
        typer.Option(metavar="SEVERITY", help="Only findings of this severity: blocking or advisory."),
    ] = None,
    rule: Annotated[
        RuleId | None, typer.Option(metavar="RULE", help="Only findings of this rule, such as R01.")
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show findings of each action's latest run."""
    with reported():
        wanted = FlagFilter(severity=severity, rule=rule)
        lines = Pages(Context().sessions).flag_queue(wanted, limit=limit).page.lines
    if as_json:
        print_json([line.flag.model_dump(mode="json", exclude=_SEARCH_COLUMNS) for line in lines])
    else:
        show_flags(lines)


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
    columns = (Column("Severity"), Column("Rule"), Column("Action", Kind.ID), DIFFERENCE)
    flags = [line.flag for line in lines]
    show_table(
        "Findings", columns, ((flag.severity, flag.rule, flag.action_id, flag.because) for flag in flags)
    )
