"""The command `triage reconcile`: what the vault issued, what tools saw and what is recorded, side by side."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from sqlalchemy import Engine

from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import FAILED, USAGE, err, out, print_json
from app.cli.text_tables import Column, Kind, show_table
from app.procurement.labels import without_unseen
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.agreement import PolicyUse
from app.reconciliation.log_coverage import SHARED
from app.reconciliation.report import Overview, UnfitTimeError, overview_of_run, overview_of_time
from app.reconciliation.verdict import Reconciliation, Verdict
from app.review.queries import Pages

#: Exit status by verdict.
VERDICT_STATUS = {Verdict.PASS: 0, Verdict.FAIL: FAILED, Verdict.NOT_ESTABLISHED: 3}
_MOST_SHOWN = 50

TimeOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="ISO 8601, such as 2026-11-29T14:00Z; without a zone it is UTC."),
]

SharedUser = Annotated[
    bool, typer.Option("--shared-user", help="Accept that all processes share one user of the machine.")
]


def reconcile_sides(
    since: TimeOption = None,
    until: TimeOption = None,
    run: Annotated[UUID | None, typer.Option("--run", metavar="RUN_ID", help="Only this run.")] = None,
    shared_user: SharedUser = False,
    as_json: AsJson = False,
) -> None:
    """Compare what the vault issued, what tools saw and what is recorded, and what policies grant with what was used.

    The default is the day before the time to which all logs have been read, or the part of it in which anything happened. Exit status 0 pass, 1 fail, 3 not established.
    """
    if run and (since or until):
        _refuse("run", str(run), "cannot be given with --since or --until")
    begin, end = stretch(since, until)
    with reported():
        context = Context()
        overview = _of_run(context, run, as_json=as_json) if run else _of_time(context.engine, begin, end)
        context.engine.dispose()
    found = without_shared(overview.sides) if shared_user else overview.sides
    if as_json:
        print_json(_document(found, overview.policies))
    else:
        show_sides(found)
        _show_policies(overview.policies)
        show_verdict(found.stated)
    raise typer.Exit(VERDICT_STATUS[found.verdict])


def _of_time(engine: Engine, since: datetime | None, until: datetime | None) -> Overview:
    try:
        return overview_of_time(engine, ISSUING_PATHS, since, until)
    except UnfitTimeError as error:
        _refuse("since", since.isoformat() if since else "", str(error))


def _of_run(context: Context, run_id: UUID, *, as_json: bool) -> Overview:
    if not Pages(context.sessions).has_run(run_id):
        _refuse("run", str(run_id), "is no run")
    overview = overview_of_run(context.engine, ISSUING_PATHS, run_id)
    if overview is None:
        missing = "an attempt of the run has not ended, or none has begun"
        if as_json:
            print_json({"verdict": Verdict.NOT_ESTABLISHED, "missing": [missing]})
        else:
            show_verdict(f"{Verdict.NOT_ESTABLISHED}: {missing}")
        raise typer.Exit(VERDICT_STATUS[Verdict.NOT_ESTABLISHED])
    return overview


def without_shared(found: Reconciliation) -> Reconciliation:
    """The same comparison for somebody who accepts that all processes share one user."""
    return replace(found, missing=[premise for premise in found.missing if premise != SHARED])


def stretch(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """The times in two options. Exits with status 2 if one is none, or they are in the wrong order."""
    begin, end = _moment("since", since), _moment("until", until)
    if begin and end and begin >= end:
        _refuse("since", begin.isoformat(), f"must be before {end.isoformat()}")
    return begin, end


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse(option, text, "is no time in ISO 8601")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refuse(option: str, value: str, why: str) -> NoReturn:
    err.print(f"--{option}: {value!r} {why}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(USAGE)


def _document(found: Reconciliation, policies: Sequence[PolicyUse]) -> dict[str, Any]:
    return asdict(found) | {
        "verdict": found.verdict,
        "unexplained": len(found.unexplained),
        "policies": [asdict(each) for each in policies],
    }


def _show_policies(policies: Sequence[PolicyUse]) -> None:
    show_table(
        "Granted by policy, and used",
        (
            Column("Policy"),
            Column("System"),
            *(
                Column(name, Kind.NUMBER)
                for name in ("Logins", "Without a credential", "Credentials", "Never used")
            ),
        ),
        (
            (each.policy, each.system, each.logins, each.never_requested, each.issued, each.never_used)
            for each in policies
        ),
    )


def show_sides(found: Reconciliation) -> None:
    """Print the totals of the three sides, and what is left over."""

    def say(text: str) -> None:
        out.print(without_unseen(text), markup=False, highlight=False, soft_wrap=True)

    say(f"From {found.since:%Y-%m-%d %H:%M:%S} to {found.until:%Y-%m-%d %H:%M:%S} UTC")
    say(f"  the vault issued  {found.issued:7,} credentials")
    say(f"  tools saw         {found.used:7,}")
    say(f"  recorded          {found.recorded:7,}")
    explained = [each for each in found.leftovers if each.explanation is not None]
    for title, leftovers in (("Left over", found.unexplained), ("Left over, and explained", explained)):
        if leftovers:
            say(f"{title}: {len(leftovers):,}")
        for each in leftovers[:_MOST_SHOWN]:
            run = f" [run {each.run_id}]" if each.run_id else ""
            why = f" ({each.explanation})" if each.explanation else ""
            say(f"  {each.at:%Y-%m-%d %H:%M:%S} {each.kind}: {each.detail}{why}{run}")
        if len(leftovers) > _MOST_SHOWN:
            say(f"  and {len(leftovers) - _MOST_SHOWN:,} more; --json has all")


def show_verdict(stated: str) -> None:
    """Print a verdict with its reason, wrapped by words."""
    out.print(without_unseen(f"Verdict: {stated}"), markup=False, highlight=False)
