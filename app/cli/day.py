"""`triage day`: a whole day's work in one go, then counted against the vault's own log."""

import json
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.table import Table

from app import usecases
from app.audit.auditor import Auditor
from app.audit.day_report import DayReport, count_vault_log
from app.cli.context import Context, out
from app.cli.waiting import wait_for
from app.domain.federal_time import eastern
from app.domain.quota import QuotaDay, QuotaUse
from app.store.pages import Pages
from app.store.progress import IssuedRow, Progress
from app.tls import trust_of

TOOLS = 5
#: Seconds the vault may take to carry out the revocations it has queued; it took 0.25 s when measured.
REVOCATION_GRACE = 15.0


def run_day(context: Context, *, runs: int, timeout: float) -> DayReport:
    """Submit the inbox, request `runs` runs over its actions, wait for them and count. `timeout` in seconds."""
    inbox = context.layout.scenarios / "inbox.json"
    ids, _ = usecases.submit(context.sessions, inbox.read_text(encoding="utf-8"))
    audit_log = Path(context.settings.need("vault_audit_log"))
    offset = audit_log.stat().st_size
    started = time.monotonic()
    run_ids = usecases.request_runs(context.sessions, list(islice(cycle(ids), runs)))
    wait_for(context.sessions, run_ids, timeout=timeout)
    wall = time.monotonic() - started
    questions = Progress(context.sessions)
    credentials = questions.credentials(run_ids)
    return DayReport(
        runs=runs,
        tools=TOOLS,
        outcomes=questions.outcomes(run_ids),
        still_alive=_still_alive(context, credentials),
        credentials=credentials,
        vault=count_vault_log(_lines(audit_log, offset), run_ids, tools=TOOLS),
        wall_seconds=wall,
        quota=Pages(context.sessions).quota_day(context.settings.sam_daily_quota),
    )


def _still_alive(context: Context, credentials: list[IssuedRow]) -> list[str]:
    settings = context.settings
    accessors = [row.accessor for row in credentials if row.accessor]
    leases = [row.lease_id for row in credentials if row.lease_id]
    deadline = time.monotonic() + REVOCATION_GRACE
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


def _lines(log: Path, offset: int) -> Iterator[dict[str, Any]]:
    with log.open("rb") as stream:
        stream.seek(offset)
        for line in stream:
            if b'"run_id"' in line and line.endswith(b"\n"):
                yield json.loads(line)


def show(report: DayReport) -> None:
    """Print the report as tables, and what failed."""
    figures = report.as_json()
    outcomes = Table(title=f"{report.runs} runs in {figures['wall_seconds']} s", title_justify="left")
    outcomes.add_column("Outcome")
    outcomes.add_column("Runs", justify="right")
    for name, number in sorted(report.outcomes.items()):
        outcomes.add_row(name, str(number))
    issued = figures["credentials"]
    table = Table(title="Credentials issued", title_justify="left")
    for heading in ("Tool", "Kind"):
        table.add_column(heading)
    table.add_column("Number", justify="right")
    for row in issued["by_tool"]:
        table.add_row(row["tool"], row["kind"], str(row["number"]))
    table.add_section()
    table.add_row("recorded by the application", "", str(issued["recorded"]))
    table.add_row("distinct fingerprints", "", str(issued["distinct_fingerprints"]))
    table.add_row("issued according to the vault's audit log", "", str(issued["issued_by_vault_log"]))
    table.add_row("only recorded", "", str(len(issued["only_recorded"])))
    table.add_row("only in the vault's audit log", "", str(len(issued["only_in_vault_log"])))
    table.add_row("leased ones still alive", "", str(len(issued["still_alive"])))
    lives = Table(title="Seconds from run start to credential death", title_justify="left")
    lives.add_column("Credentials")
    for heading in ("p50", "p95", "max"):
        lives.add_column(heading, justify="right")
    for name, figure in figures["seconds_from_run_start_to_death"].items():
        if figure:
            lives.add_row(name.replace("_", " "), *(f"{figure[key]:.3f}" for key in ("p50", "p95", "max")))
    for part in (outcomes, table, lives, _quota(report.quota)):
        out.print(part)
    for words in _over(report.quota):
        out.print(f"[bold red]{words}", highlight=False)
    out.print(f"{figures['runs_per_second']} runs per second")
    for failure in figures["failures"]:
        out.print(f"[bold red]not as it must be:[/] {failure}")


def _quota(day: QuotaDay) -> Table:
    resets = f"{day.resets_at:%Y-%m-%d %H:%M} UTC ({eastern(day.resets_at):%Y-%m-%d %H:%M %Z})"
    table = Table(title=f"SAM.gov quota of {day.began:%Y-%m-%d}, starts anew {resets}", title_justify="left")
    table.add_column("Of")
    for heading in ("Runs", "Calls", "Per run", "Budget", "Share"):
        table.add_column(heading, justify="right")
    rows = {
        "today so far": day.used,
        "a full day at today's average": day.full_day,
        "a full day as planned, 3 vendors per run": day.planned_day,
    }
    for name, use in rows.items():
        table.add_row(name, *(_cells(use) if use else ["not known"]))
    return table


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
