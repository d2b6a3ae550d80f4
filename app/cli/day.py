"""`triage day`: does a day's work at once, then compares what the vault issued, what tools saw and what is recorded."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import typer

from app import usecases
from app.cli.comparison import compare_since
from app.cli.context import Context, reported
from app.cli.day_report import DayReport
from app.cli.local_stack import running
from app.cli.output import out
from app.cli.quota_table import show_quota
from app.cli.reconcile_command import VERDICT_STATUS, SharedUser, show_sides, show_verdict
from app.cli.text_tables import Column, Kind, show_table
from app.cli.vault_count import count_vault_log
from app.cli.waiting import GRACE, wait_for, wait_for_ends
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.credentials.progress import Progress, RecordedCredential
from app.credentials.vault_log import VaultLog
from app.procurement.systems import SYSTEMS
from app.review.queries import Pages
from app.review.queries.alarms import AlarmFilter

#: The most alarms of one day that are counted.
_MOST_ALARMS = 1_000


def day(
    runs: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Number of runs.")] = 400,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the report to this file.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, metavar="S", help="Seconds the runs may take.")] = 900,
    with_stack: Annotated[
        bool, typer.Option("--with-stack", help="Start the stack first and stop it afterwards.")
    ] = False,
    shared_user: SharedUser = False,
) -> None:
    """Do a day's work at once, and compare what the vault issued, what tools saw and what is recorded.

    Also asks the vault which of the recorded leased credentials are alive. Exit status 0 pass, 1 fail, 3 not established.
    """
    with reported(), running(actions=min(runs, 400)) if with_stack else nullcontext():
        if json_file:
            json_file.touch()  # Fail before the day's work, not after it.
        report = run_day(Context(), runs=runs, timeout=timeout, shared_user=shared_user)
    show(report)
    if json_file:
        json_file.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    raise typer.Exit(VERDICT_STATUS[report.verdict])


def run_day(context: Context, *, runs: int, timeout: float, shared_user: bool = False) -> DayReport:
    """Submit the inbox, request `runs` runs of its actions, wait for them, count and compare. `timeout` in seconds.

    `shared_user` as in `compare_since`.
    """
    inbox = context.layout.scenarios / "inbox.json"
    ids, _ = usecases.submit(context.sessions, inbox.read_text(encoding="utf-8"))
    audit_log = VaultLog(Path(context.settings.need("vault_audit_log")))
    began, started = datetime.now(UTC), time.monotonic()
    since = context.database_time()
    run_ids = usecases.request_runs(context.sessions, list(islice(cycle(ids), runs)))
    wait_for(context.sessions, run_ids, timeout=timeout)
    wall = time.monotonic() - started
    pages, progress = Pages(context.sessions), Progress(context.sessions)
    unconfirmed = wait_for_ends(context.sessions, run_ids)
    credentials = progress.credentials(run_ids)
    return DayReport(
        began=since,
        runs=runs,
        tools=len(SYSTEMS),
        outcomes=pages.run_outcomes(run_ids),
        still_alive=_still_alive(context, credentials),
        asked_at=datetime.now(UTC),
        unconfirmed=unconfirmed,
        credentials=credentials,
        vault=count_vault_log(audit_log.lines_of_runs(since=began), run_ids, tools=len(SYSTEMS)),
        comparison=compare_since(context, since, shared_user=shared_user),
        wall_seconds=wall,
        quota=pages.quota_day(context.settings.sam_daily_quota),
        alarms=Counter(
            each.kind for each in pages.alarms(AlarmFilter(), limit=_MOST_ALARMS) if each.raised_at >= since
        ),
    )


def _still_alive(context: Context, credentials: list[RecordedCredential]) -> list[str]:
    settings = context.settings
    accessors = [row.accessor for row in credentials if row.accessor]
    leases = [row.lease_id for row in credentials if row.lease_id]
    deadline = time.monotonic() + GRACE
    with Auditor(
        settings.need("vault_addr"), settings.file("vault_identity_file"), trust_of(settings)
    ) as auditor:
        alive = auditor.alive(accessors=accessors, leases=leases)
        while alive and time.monotonic() < deadline:
            time.sleep(0.5)
            alive = auditor.alive(
                accessors=[name for name in accessors if name in alive],
                leases=[name for name in leases if name in alive],
            )
    return alive


def show(report: DayReport) -> None:
    """Print the report as tables, then the three sides, the failures and the verdict."""
    figures = report.as_json()
    issued = figures["credentials"]
    show_table(
        f"{report.runs} runs in {figures['wall_seconds']} s",
        (Column("Outcome"), *_numbers("Runs")),
        sorted(report.outcomes.items()),
    )
    show_table(
        "Credentials issued",
        (Column("Tool"), Column("Kind"), *_numbers("Number")),
        ((row["tool"], row["kind"], row["number"]) for row in issued["by_tool"]),
    )
    counted = {
        "recorded by the application": issued["recorded"],
        "distinct fingerprints": issued["distinct_fingerprints"],
        "issued according to the vault's audit log": issued["issued_by_vault_log"],
        "only recorded": len(issued["only_recorded"]),
        "only in the vault's audit log": len(issued["only_in_vault_log"]),
        "leased credentials with a confirmed end": figures["ends"]["leased_confirmed"],
        "ended attempts not confirmed": len(report.unconfirmed),
    }
    show_table("Credentials of these runs", (Column("Credentials"), *_numbers("Number")), counted.items())
    out.print(
        f"{len(report.leased):,} leased credentials recorded here: {len(report.still_alive)} alive, asked of the vault at"
        f" {report.asked_at:%H:%M:%S} UTC.",
        highlight=False,
    )
    if report.signed:
        last = max(row.expires_at for row in report.signed)
        out.print(
            f"{len(report.signed)} signed tokens cannot be revoked; the last expires at {last:%H:%M:%S} UTC.\n",
            highlight=False,
        )
    quantiles = ("p50", "p95", "max")
    show_table(
        "Seconds to confirmed death; of signed tokens, to expiry",
        (Column("From"), Column("Credentials"), *_numbers(*quantiles)),
        (
            (start, name.partition("_")[0], *(f"{figure[key]:.3f}" for key in quantiles))
            for start, group in (
                ("run end", figures["seconds_from_run_end_to_confirmed_death"]),
                ("run start", figures["seconds_from_run_start_to_death"]),
            )
            for name, figure in group.items()
            if figure
        ),
    )
    show_quota(report.quota)
    out.print(f"{figures['runs_per_second']} runs per second")
    show_sides(report.comparison)
    raised = ", ".join(f"{kind}: {number}" for kind, number in sorted(report.alarms.items()))
    out.print(f"Alarms raised: {raised or 'none'}", highlight=False)
    for failure in figures["failures"]:
        out.print(f"[bold red]FAILED:[/] {failure}")
    show_verdict(report.stated)


def _numbers(*headings: str) -> Iterator[Column]:
    return (Column(heading, Kind.NUMBER) for heading in headings)
