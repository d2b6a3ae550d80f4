"""The command `triage lineage`: one run in full."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import SQLModel

from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import USAGE, err, print_json
from app.cli.read_commands import DIFFERENCE
from app.cli.text_tables import Column, Kind, show_fields, show_table
from app.credentials.ending import Ending, Endings, unrecorded_name
from app.credentials.tables import AttemptRow, CallRow, CredentialRow
from app.review.queries import Pages, RunPage
from app.review.queries.plans import Plan, rules_of
from app.review.queries.runs import run_fields


def lineage(run: Annotated[str, typer.Argument(help="The id of a run.")], as_json: AsJson = False) -> None:
    """Show one run: plan, credentials, calls, findings."""
    try:
        run_id = UUID(run)
    except ValueError:
        err.print(f"run: {run!r} is not a run id", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE) from None
    with reported():
        show_lineage(Context(), run_id, as_json=as_json)


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
    endings = page.endings(context.database_time())
    for attempt in page.attempts:
        _show_attempt(attempt, endings)
    for plan in page.plans:
        _show_plan(plan)
    for item in page.credentials:
        _show_credential(item, page.calls_of(item), endings)
    for event in page.unrecorded:
        show_fields(
            f"{unrecorded_name(event)}, which the worker did not record",
            [("life", _life(event.at, endings.of_unrecorded(event))), ("request", event.request_id)],
        )
    for denial in page.denials:
        show_fields(f"Refused: {denial.tool}", [("path", denial.vault_path), ("reason", denial.reason)])
    columns = (Column("Severity"), Column("Rule"), Column("Subject", Kind.ID), DIFFERENCE)
    show_table(
        "Findings",
        columns,
        ((flag.severity, flag.rule, flag.subject, flag.because) for flag in page.findings),
    )


def _show_attempt(attempt: AttemptRow, endings: Endings) -> None:
    ending = endings.of_token(attempt)
    life = _life(attempt.token_issued_at, ending) if ending else None
    show_fields(
        f"Attempt {attempt.number}: {attempt.state}",
        [
            ("policy", attempt.policy or "none"),
            ("token accessor", attempt.token_accessor or "none"),
            ("token", life or "none was issued"),
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


def _show_credential(item: CredentialRow, calls: Sequence[CallRow], endings: Endings) -> None:
    counted = Counter(f"{call.operation}: {call.status}" for call in calls)
    show_fields(
        f"Credential for {item.tool}",
        [
            ("kind", f"{item.kind}, {item.scope}"),
            ("life", _life(item.issued_at, endings.of_credential(item))),
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
        "ends_not_confirmed": [_fields(row) for row in page.ends],
        "not_recorded": [_fields(row) for row in page.unrecorded],
        "credentials": [
            {**_fields(row), "calls": [_fields(call) for call in page.calls_of(row)]}
            for row in page.credentials
        ],
        "denials": [_fields(row) for row in page.denials],
        "flags": [_fields(row) for row in page.findings],
        "alarms": [_fields(row) for row in page.alarms],
    }


def _fields(row: SQLModel) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"


def _life(issued_at: datetime | None, ending: Ending) -> str:
    issued = f"issued {_time(issued_at)}" if issued_at else "no login recorded"
    return f"{issued}, {ending.wording(_time(ending.at))}"
