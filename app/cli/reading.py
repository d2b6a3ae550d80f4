"""The reading commands: runs, flags, lineage."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table
from sqlmodel import SQLModel

from app.cli.context import USAGE, Context, err, out, print_json, reported
from app.domain.discrepancy import Severity
from app.domain.rules import RULES
from app.store.pages import FlagFilter, FlagLine, Pages, RunFilter, RunLine, RunPage
from app.store.pages.plans import Plan, rules_of
from app.store.tables import RunState

RuleId = StrEnum("RuleId", {rule.id: rule.id for rule in RULES})  # type: ignore[misc]  # made from the rules

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Lines at most.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the `triage` command."""
    app.command("runs")(runs)
    app.command("flags")(flags)
    app.command("lineage")(lineage)


def runs(
    state: Annotated[RunState | None, typer.Option(help="Only runs in this state.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Runs, newest first."""
    with reported():
        lines = Pages(Context().sessions).runs(RunFilter(state=state), limit=limit)
    if as_json:
        print_json([{**_fields(line.run), "findings": line.findings} for line in lines])
    else:
        show_runs(lines)


#: What the database keeps of a flag to find it by, and nobody reads.
NOT_TOLD = {"search", "assigned_to", "arrived"}


def flags(
    severity: Annotated[Severity | None, typer.Option(help="Only findings of this severity.")] = None,
    rule: Annotated[RuleId | None, typer.Option(help="Only findings of this rule.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Findings of each action's latest run, blocking first."""
    with reported():
        wanted = FlagFilter(severity=severity, rule=rule)
        lines = Pages(Context().sessions).flag_queue(wanted, limit=limit).stretch.lines
    if as_json:
        print_json([line.flag.model_dump(mode="json", exclude=NOT_TOLD) for line in lines])
    else:
        show_flags(lines)


def lineage(run: Annotated[str, typer.Argument(help="The id of a run.")], as_json: AsJson = False) -> None:
    """One run: its identity, its credentials, its calls and what they led to."""
    try:
        run_id = UUID(run)
    except ValueError:
        err.print(f"run: {run!r} is not a run id", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE) from None
    with reported():
        show_lineage(Context(), run_id, as_json=as_json)


def show_runs(lines: Sequence[RunLine]) -> None:
    """Print runs as a table."""
    table = Table(title="Runs", title_justify="left")
    table.add_column("Run", no_wrap=True, min_width=36)  # whole: it is what `triage lineage` asks for
    table.add_column("Action", overflow="fold")
    for heading in ("Outcome", "Findings"):
        table.add_column(heading)
    for line in lines:
        outcome = line.outcome + (f": {line.run.waiting_reason}" if line.run.waiting_reason else "")
        table.add_row(str(line.run.run_id), line.action.action_id, outcome, str(line.findings))
    out.print(table)


def show_flags(lines: Sequence[FlagLine]) -> None:
    """Print findings as a table."""
    table = Table("Severity", "Rule", "Action", "What differs", title="Findings", title_justify="left")
    for line in lines:
        flag = line.flag
        table.add_row(flag.severity, flag.rule, flag.action_id, flag.because)
    out.print(table)


def show_lineage(context: Context, run_id: UUID, *, as_json: bool) -> None:
    """Print one run in full; exit status 2 when there is none of this id."""
    page = Pages(context.sessions).run(run_id)
    if page is None:
        err.print(f"run: no run has the id {run_id}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE)
    if as_json:
        print_json(_lineage_json(page))
        return
    run = page.run
    out.print(f"Run {run.run_id} of {run.action_id}: {run.state}", highlight=False)
    out.print(f"  goal: {run.goal or 'not recorded'}", markup=False, highlight=False)
    for attempt in page.attempts:
        revoked = (
            f"revoked {_time(attempt.revoked_at)} by {attempt.revoked_by}"
            if attempt.revoked_at
            else "not revoked"
        )
        out.print(
            f"  attempt {attempt.number}: {attempt.state}, policy {attempt.policy or '-'},"
            f" token accessor {attempt.token_accessor or '-'}, {revoked}",
            highlight=False,
        )
    for plan in page.plans:
        _show_plan(plan)
    _show_credentials(page)
    for denial in page.denials:
        out.print(f"[yellow]refused:[/] {denial.vault_path}: {denial.reason}", highlight=False)
    found = Table("Severity", "Rule", "Subject", "What differs", title="Findings", title_justify="left")
    for flag in page.findings:
        found.add_row(flag.severity, flag.rule, flag.subject, flag.because)
    out.print(found if page.findings else "No findings.")


def _show_plan(plan: Plan) -> None:
    table = Table(title=f"Plan of attempt {plan.attempt}", title_justify="left", show_header=False)
    table.add_column("Step", no_wrap=True)
    table.add_column("What is planned")
    for step in plan.steps:
        lines = [step.question, f"Why: {step.reason}"]
        if step.needed:
            checks = "not recorded" if step.rules is None else ", ".join(rules_of(step))
            lines += [f"Checks that use the answer: {checks}", f"May start: {plan.start_of(step)}"]
            lines += [f"Needed: yes. How it went: {step.outcome}"]
        else:
            lines += [f"Not needed, so not asked: {step.why_not or 'the reason was not recorded'}"]
        table.add_row(f"{step.number} {step.tool}", escape("\n".join(lines)), end_section=True)
    out.print(table)


def _show_credentials(page: RunPage) -> None:
    table = Table(title="Credentials", title_justify="left", show_lines=True)
    table.add_column("For")
    table.add_column("Life, UTC", no_wrap=True)
    table.add_column("Vault request id, SHA-256, calls", min_width=36)
    for item in page.credentials:
        end = ("revoked", item.revoked_at) if item.revoked_at else ("expires", item.expires_at)
        calls = [f"{call.operation}: {call.status}" for call in page.calls_of(item)]
        table.add_row(
            f"{item.tool}\n{item.kind}\n{item.scope}",
            f"issued  {item.issued_at:%H:%M:%S}\n{end[0]} {end[1]:%H:%M:%S}",
            "\n".join([item.request_id, f"{item.fingerprint[:32]}…", *calls]),
        )
    out.print(table)


def _lineage_json(page: RunPage) -> dict[str, Any]:
    return {
        "run": _fields(page.run),
        "action": _fields(page.action),
        "attempts": [_fields(row) for row in page.attempts],
        "steps": [_fields(row) for row in page.steps],
        "credentials": [
            {**_fields(row), "calls": [_fields(call) for call in page.calls_of(row)]}
            for row in page.credentials
        ],
        "denials": [_fields(row) for row in page.denials],
        "findings": [_fields(row) for row in page.findings],
        "alarms": [_fields(row) for row in page.alarms],
    }


def _fields(row: SQLModel) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _time(moment: Any) -> str:
    return f"{moment:%H:%M:%S} UTC" if moment else "-"
