"""The command `triage flags`, with the filters of `/api/v1/flags`."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from werkzeug.datastructures import MultiDict

from app.cli.context import Context, reported
from app.cli.options import ActionStart, AsJson, Limit
from app.cli.output import CommandError, print_json
from app.cli.points_in_time import Since, moment_of
from app.cli.read_commands import show_flags, subject_of
from app.procurement.action import ActionType
from app.procurement.finding import Severity
from app.procurement.rules import RULES
from app.review.ageing import AgeingPolicy
from app.review.flag_history import Status
from app.review.queries import FlagFilter, Pages, Sort
from app.web.api.shapes.flags import FlagItem
from app.web.list_queries import MOST_DAYS
from app.web.queue_filter import ANY, FLAGGED_SYSTEMS, NOT_CLOSED, queue_query

# Choices made from what the application knows.
RuleId = StrEnum("RuleId", {rule.id: rule.id for rule in RULES})  # type: ignore[misc]
SystemName = StrEnum("SystemName", {name: name for name in FLAGGED_SYSTEMS})  # type: ignore[misc]
StatusChoice = StrEnum("StatusChoice", {each: each for each in (NOT_CLOSED, ANY, *Status)})  # type: ignore[misc]

_DAY = "Eastern day, such as 2026-09-14"
_Days = typer.Option(min=1, max=MOST_DAYS, metavar="DAYS", help="Raised in the last N days.")


def flags(
    *,
    status: Annotated[
        StatusChoice, typer.Option(metavar="STATUS", help=f"{', '.join(StatusChoice)}.")
    ] = StatusChoice(NOT_CLOSED),
    severity: Annotated[
        Severity | None, typer.Option(metavar="SEVERITY", help="blocking or advisory.")
    ] = None,
    rule: Annotated[RuleId | None, typer.Option(metavar="RULE", help="A rule, such as R01.")] = None,
    action: ActionStart = None,
    action_type: Annotated[
        ActionType | None, typer.Option(metavar="TYPE", help=f"{', '.join(ActionType)}.")
    ] = None,
    system: Annotated[
        SystemName | None,
        typer.Option(metavar="SYSTEM", help=f"Supplied one of the values: {', '.join(SystemName)}."),
    ] = None,
    vendor: Annotated[
        str | None, typer.Option(metavar="NAME", help="The full name of a vendor in the action.")
    ] = None,
    assignee: Annotated[
        str | None, typer.Option(metavar="SUBJECT", help="An officer's subject, me, or nobody.")
    ] = None,
    since: Since = None,
    within: Annotated[int | None, _Days] = None,
    older: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_DAYS, metavar="DAYS", help="Raised more than N days ago."),
    ] = None,
    raised_from: Annotated[
        str | None, typer.Option(metavar="DAY", help=f"Raised on this day or later ({_DAY}).")
    ] = None,
    raised_to: Annotated[
        str | None, typer.Option(metavar="DAY", help=f"Raised on this day or earlier ({_DAY}).")
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="Not decided within the days that the policy sets.")
    ] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Referred, and the due date has passed.")
    ] = False,
    q: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS",
            help="Parts of names, numbers and words. -PART excludes, or stands between alternatives.",
        ),
    ] = None,
    earlier: Annotated[
        bool, typer.Option("--earlier", help="Also flags of runs that a later one superseded.")
    ] = False,
    sort: Annotated[Sort, typer.Option(metavar="ORDER", help=f"{', '.join(Sort)}.")] = Sort.SEVERITY,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show flags of each action's latest run that are not closed, with the filters of the JSON API.

    With --json, each is an object as in the API's list.
    """
    given = {
        "status": status,
        "severity": severity,
        "rule": rule,
        "action_type": action_type,
        "system": system,
        "vendor": vendor,
        "assignee": assignee,
        "within": within,
        "older": older,
        "raised_from": raised_from,
        "raised_to": raised_to,
        "late": "1" if late else None,
        "overdue": "1" if overdue else None,
        "q": q,
        "earlier": "1" if earlier else None,
    }
    with reported(), Context() as context:
        wanted = _filter(
            context,
            {name: str(value) for name, value in given.items() if value is not None},
            action=action,
            since=since,
        )
        lines = Pages(context.sessions).flags(wanted, sort=sort, limit=limit).lines
        now, ageing = context.database_time(), AgeingPolicy.of_settings(context.settings)
    if as_json:
        items = [FlagItem.of(line.flag, line.action, age=ageing.age(line.flag, now)) for line in lines]
        print_json([item.model_dump(mode="json", by_alias=True) for item in items])
    else:
        show_flags(lines)


def _filter(context: Context, given: dict[str, str], *, action: str | None, since: str | None) -> FlagFilter:
    """What the options select. Raises `CommandError` for one that is not valid."""
    now = context.database_time()
    if "assignee" in given:
        given["assignee"] = subject_of(context, given["assignee"])
    ageing = AgeingPolicy.of_settings(context.settings)
    found = queue_query(MultiDict(given), me="", now=now, ageing=ageing, path="")
    if found.ignored:
        raise CommandError(
            *(f"--{each.name.replace('_', '-')}: {each.value!r} is not valid" for each in found.ignored)
        )
    wanted = replace(found.flag_filter, action=action)
    return replace(wanted, raised_from=_later(wanted.raised_from, moment_of(since, now)))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
