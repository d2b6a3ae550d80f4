"""The reading commands: runs, flags, lineage."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import SQLModel

from app.cli.context import USAGE, Context, err, print_json, reported
from app.cli.text_tables import Column, Kind, show_fields, show_table
from app.credentials.tables import AttemptRow, CallRow, CredentialRow, RunState
from app.procurement.finding import Severity
from app.procurement.rules import RULES
from app.review.queries import FlagFilter, FlagLine, Pages, RunFilter, RunLine, RunPage
from app.review.queries.plans import Plan, rules_of
from app.review.queries.runs import run_fields

RuleId = StrEnum("RuleId", {rule.id: rule.id for rule in RULES})  # type: ignore[misc]  # made from the rules

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="Lines at most.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the `triage` command."""
    app.command("runs")(runs)
    app.command("flags")(flags)
    app.command("lineage")(lineage)


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
        lines = Pages(Context().sessions).runs(RunFilter(state=state), limit=limit)
    if as_json:
        print_json([{**run_fields(line.run), "findings": line.findings} for line in lines])
    else:
        show_runs(lines)


#: What the database keeps of a flag to find it by, and nobody reads.
NOT_TOLD = {"search", "assigned_to", "arrived"}


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
        lines = Pages(Context().sessions).flag_queue(wanted, limit=limit).stretch.lines
    if as_json:
        print_json([line.flag.model_dump(mode="json", exclude=NOT_TOLD) for line in lines])
    else:
        show_flags(lines)


def lineage(run: Annotated[str, typer.Argument(help="The id of a run.")], as_json: AsJson = False) -> None:
    """Show one run: plan, credentials, calls, findings."""
    try:
        run_id = UUID(run)
    except ValueError:
        err.print(f"run: {run!r} is not a run id", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE) from None
    with reported():
        show_lineage(Context(), run_id, as_json=as_json)


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
                line.outcome + (f": {line.run.waiting_reason}" if line.run.waiting_reason else ""),
            )
            for line in lines
        ),
    )


_DIFFERENCE = Column("What differs", Kind.TEXT)


def show_flags(lines: Sequence[FlagLine]) -> None:
    """Print findings as a table."""
    columns = (Column("Severity"), Column("Rule"), Column("Action", Kind.ID), _DIFFERENCE)
    flags = [line.flag for line in lines]
    show_table(
        "Findings", columns, ((flag.severity, flag.rule, flag.action_id, flag.because) for flag in flags)
    )


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
    show_fields(
        f"Run {run.run_id}: {run.state}",
        [("action", run.job_id), ("goal", run.goal or "not recorded")],
    )
    for attempt in page.attempts:
        _show_attempt(attempt)
    for plan in page.plans:
        _show_plan(plan)
    for item in page.credentials:
        _show_credential(item, page.calls_of(item))
    for denial in page.denials:
        show_fields(f"Refused: {denial.tool}", [("path", denial.vault_path), ("reason", denial.reason)])
    columns = (Column("Severity"), Column("Rule"), Column("Subject", Kind.ID), _DIFFERENCE)
    show_table(
        "Findings",
        columns,
        ((flag.severity, flag.rule, flag.subject, flag.because) for flag in page.findings),
    )


def _show_attempt(attempt: AttemptRow) -> None:
    ended = f"{_time(attempt.revoked_at)} by {attempt.revoked_by}" if attempt.revoked_at else "no"
    show_fields(
        f"Attempt {attempt.number}: {attempt.state}",
        [
            ("policy", attempt.policy or "none"),
            ("token accessor", attempt.token_accessor or "none"),
            ("token revoked", ended),
            ("failure", attempt.failure),
        ],
    )


def _show_plan(plan: Plan) -> None:
    steps = []
    for step in plan.steps:
        lines = [step.question, f"Why: {step.reason}"]
        if step.needed:
            checks = "not recorded" if step.rules is None else ", ".join(rules_of(step))
            lines += [f"Checks that use the answer: {checks}", f"May start: {plan.start_of(step)}"]
            lines += [f"Needed: yes. How it went: {step.outcome}"]
        else:
            lines += [f"Not needed, so not asked: {step.why_not or 'the reason was not recorded'}"]
        steps.append((f"{step.number} {step.tool}", "\n".join(lines)))
    show_fields(f"Plan of attempt {plan.attempt}", steps)


def _show_credential(item: CredentialRow, calls: Sequence[CallRow]) -> None:
    ended = f"revoked {_time(item.revoked_at)}" if item.revoked_at else f"expires {_time(item.expires_at)}"
    counted = Counter(f"{call.operation}: {call.status}" for call in calls)
    show_fields(
        f"Credential for {item.tool}",
        [
            ("kind", f"{item.kind}, {item.scope}"),
            ("life", f"issued {_time(item.issued_at)}, {ended}"),
            ("request", item.request_id),
            ("accessor", item.accessor),
            ("lease", item.lease_id),
            ("SHA-256", item.fingerprint),
            ("calls", "\n".join(f"{call}{f', {n} times' if n > 1 else ''}" for call, n in counted.items())),
        ],
    )


def _lineage_json(page: RunPage) -> dict[str, Any]:
    return {
        "run": run_fields(page.run),
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


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
