"""One run in the printed contract file, in the seven steps of a credential's life."""

from collections.abc import Iterator
from datetime import datetime

from app.contract_file.blocks import Block, Cell, Line, code, facts, heading, paragraph, table
from app.contract_file.credential_ends import ends, next_run
from app.contract_file.print_text import instant
from app.credentials.tables import AttemptRow, CredentialRow
from app.procurement.labels import KINDS, SOURCES, lasting, plural, worded
from app.reconciliation.verdict import Verdict
from app.review.queries.filed_documents import ActionFile, FiledRun


def seven_steps(filed: FiledRun, file: ActionFile, *, at: datetime) -> Iterator[Block]:
    """The blocks of one run; `at` is when the export was made."""
    run = filed.run
    yield heading(1, f"Run {run.run_id}")
    if run.goal:
        yield paragraph(f"Goal: {run.goal}")
    yield facts(
        ("State", f"{run.state}: {run.failure}" if run.failure else run.state),
        ("Requested", f"{instant(run.requested_at)} by {run.requested_by}"),
        ("Started", instant(run.started_at)),
        ("Finished", instant(run.finished_at)),
        ("Vault, tools and records", _compared(filed)),
    )
    yield heading(2, "Step 1: a run starts")
    for attempt in filed.attempts:
        yield paragraph(_attempt(attempt))
    yield heading(2, "Step 2: the agent authenticates to the vault")
    for attempt in filed.attempts:
        yield from _login(attempt)
    yield heading(2, "Step 3: the vault evaluates policy")
    yield from _policy(filed)
    yield heading(2, "Step 4: the vault issues credentials with a time to live")
    yield from _credentials(filed)
    yield heading(2, "Step 5: the agent calls the tools")
    yield from _calls(filed)
    yield heading(2, "Step 6: each credential expires or is revoked")
    yield from ends(filed, at)
    yield heading(2, "Step 7: the next run gets new ones")
    yield next_run(filed, file)


def _compared(filed: FiledRun) -> str:
    found = filed.compared
    if found is None:
        return f"{Verdict.NOT_ESTABLISHED}: they were not compared".capitalize()
    return (
        f"{found.stated[:1].upper()}{found.stated[1:]}. Issued {found.issued}, used {found.used}, recorded"
        f" {found.recorded}, from {instant(found.since)} to {instant(found.until)}"
    )


def _attempt(attempt: AttemptRow) -> str:
    taken = (
        f"started {instant(attempt.claimed_at)} by worker {attempt.worker}"
        if attempt.claimed_at
        else "not started"
    )
    failed = f" It ended early: {attempt.failure}." if attempt.failure else ""
    return f"Attempt {attempt.number} ({attempt.state}): dispatched {instant(attempt.dispatched_at)}, {taken}.{failed}"


def _login(attempt: AttemptRow) -> Iterator[Block]:
    rows: list[tuple[str, Cell]] = [
        (f"Attempt {attempt.number}, wrapping accessor", code(attempt.wrapping_accessor)),
        ("SecretID accessor", code(attempt.secret_id_accessor)),
    ]
    if attempt.token_accessor:
        rows += [
            ("Logged in", instant(attempt.token_issued_at)),
            ("Login request id", code(attempt.login_request_id)),
            ("Vault entity", code(attempt.entity_id)),
            ("Policy", code(attempt.policy)),
            ("Run token accessor", code(attempt.token_accessor)),
        ]
    else:
        rows.append(("Login", "none recorded"))
    yield facts(*rows)


def _policy(filed: FiledRun) -> Iterator[Block]:
    if not filed.steps:
        yield paragraph("The run made no request to the vault.")
        return
    issued = {(row.attempt, row.tool): row for row in filed.credentials}
    denied = {(row.attempt, row.tool): row for row in filed.denials}
    rows: list[list[Cell]] = []
    for step in filed.steps:
        key = (step.attempt, step.tool)
        decision: Cell = "none recorded"
        if credential := issued.get(key):
            decision = [f"allowed by policy {credential.policy}", code(credential.vault_path)]
        elif denial := denied.get(key):
            decision = [f"refused {instant(denial.refused_at)}: {denial.reason}", code(denial.vault_path)]
        elif not step.needed:
            decision = f"not requested: {step.why_not or 'the step was not needed'}"
        rows.append(
            [
                str(step.attempt),
                worded(SOURCES, step.tool),
                [step.question, step.reason],
                decision,
                step.outcome,
            ]
        )
    yield table(
        "The plan, and the policy's decision on each step",
        (("Attempt", 2), ("System", 3), ("Question and reason", 6), ("Decision", 5), ("Outcome", 3)),
        rows,
    )


def _credentials(filed: FiledRun) -> Iterator[Block]:
    if not filed.credentials:
        yield paragraph("No credential was issued.")
        return
    yield table(
        f"{plural(len(filed.credentials), 'credential')}, each for one system and this run",
        (("System", 4), ("Kind, scope, life", 5), ("Known to the vault as", 7), ("SHA-256 fingerprint", 5)),
        (
            (
                worded(SOURCES, row.tool),
                [
                    worded(KINDS, row.kind),
                    code(row.scope),
                    lasting(row.expires_at - row.issued_at),
                    instant(row.issued_at),
                ],
                _known_as(row),
                code(row.fingerprint),
            )
            for row in filed.credentials
        ),
    )


def _known_as(row: CredentialRow) -> list[Line]:
    known: list[Line] = ["request", code(row.request_id)]
    for name, value in (
        ("accessor", row.accessor),
        ("lease", row.lease_id),
        ("database user", row.service_user),
    ):
        if value:
            known += [name, code(value)]
    return known


def _calls(filed: FiledRun) -> Iterator[Block]:
    if not filed.calls:
        yield paragraph("No call was made.")
        return
    tools = {row.credential_id: row.tool for row in filed.credentials}
    yield table(
        f"{plural(len(filed.calls), 'call')}, in the order they started",
        (
            ("System", 3),
            ("Operation", 5),
            ("Status, start, length", 5),
            ("File, and SHA-256 of the answer", 7),
        ),
        (
            (
                worded(SOURCES, tools.get(call.credential_id, "unknown")),
                code(call.operation),
                [
                    f"{call.status or 'no answer'}{f': {call.error}' if call.error else ''}",
                    instant(call.started_at),
                    f"{call.latency_ms:.0f} ms, {call.answer_bytes:,} bytes",
                ],
                [code(f"answers/{call.call_id}"), code(call.answer_digest or "no answer")],
            )
            for call in filed.calls
        ),
    )
