"""One finding in the printed contract file: the values side by side, their lineage, and the decisions."""

from collections.abc import Iterator, Sequence

from app.contract_file.blocks import (
    Block,
    Cell,
    Line,
    code,
    facts,
    heading,
    note,
    paragraph,
    soft,
    strong,
    table,
)
from app.contract_file.print_text import instant, moment
from app.contract_file.printed_history import history
from app.credentials.tables import CallRow, CredentialRow
from app.procurement.labels import DECISIONS, KINDS, SOURCES, STATUSES, worded
from app.review.flag_history import Decision
from app.review.queries.filed_documents import ActionFile, FiledFlag, FiledRun, FiledValue
from app.store.tables import FlagRow

_SEVERITIES = {
    "blocking": "Blocking: do not sign before this is resolved or a determination is on file",
    "advisory": "Advisory: review before signing",
}


def finding(number: int, each: FiledFlag, file: ActionFile, *, far: str) -> Iterator[Block]:
    """The blocks of one finding. `far` is the FAR version to cite first."""
    flag = each.flag
    yield heading(2, f"{number}. {flag.rule} {flag.title}: {flag.subject}")
    if flag.run_id != file.latest:
        yield note("This finding is from an earlier run. A later run has completed since.")
    yield paragraph(flag.because)
    yield facts(
        ("Severity for this action", worded(_SEVERITIES, flag.severity)),
        ("Recommended", flag.recommended),
        ("Authority", _authority(flag, far)),
        *(
            (("Match by name", f"{flag.match_score:.2f} of 1.00: {flag.match_compared}"),)
            if flag.match_score is not None
            else ()
        ),
        (
            "Found",
            [
                f"{moment(flag.raised_at)} by rule {flag.rule}, version {flag.rule_version}",
                code(f"run {flag.run_id}"),
            ],
        ),
        ("Status", standing(flag)),
    )
    yield table(
        "The values side by side",
        (("System", 3), ("What it states", 6), ("Record", 3), ("Pulled", 4)),
        (_value(line, file) for line in each.values),
    )
    yield from _lineage(each, file)
    yield from history(each)


def standing(flag: FlagRow) -> str:
    """The status of a flag, with the decision unless the status names it."""
    words = [worded(STATUSES, flag.status)]
    if flag.decision and flag.decision != flag.status:
        words.append(worded(DECISIONS, flag.decision))
    if flag.decision == Decision.REFERRED:
        words[-1] += f" to {flag.office}, due {flag.due_on}" if flag.office else ", office not named"
    return ": ".join(words)


def _authority(flag: FlagRow, far: str) -> Cell:
    if far == "rfo":
        return [flag.authority_rfo, soft(f"codified: {flag.authority_codified}")]
    return [flag.authority_codified, soft(f"overhaul: {flag.authority_rfo}")]


def _value(line: FiledValue, file: ActionFile) -> Sequence[Cell]:
    value = line.value
    if line.evidence is not None:
        pulled = moment(line.evidence.pulled_at)
    elif value.source == "action":
        pulled = f"submitted {moment(file.action.submitted_at)}"
    else:
        pulled = "no record to pull"
    return (
        worded(SOURCES, value.source),
        [soft(value.label), strong(value.value)],
        code(value.record_key) if value.record_key else "none",
        pulled,
    )


def _lineage(each: FiledFlag, file: ActionFile) -> Iterator[Block]:
    run = next((run for run in file.runs if run.run.run_id == each.flag.run_id), None)
    if run is not None:
        yield table(
            "Where each value comes from",
            (("Value", 4), ("Identity", 4), ("Policy and credential", 6), ("Call and answer", 6)),
            (_origin(line, run, each.flag.attempt) for line in each.values),
        )


def _origin(line: FiledValue, run: FiledRun, attempt: int) -> Sequence[Cell]:
    source = line.value.source
    value: list[Line] = [worded(SOURCES, source), soft(line.value.label)]
    if source == "action":
        return value, "none", "stated by the action itself; no credential was used", "none"
    if source == "rules":
        return value, "none", "computed by the rules", "none"
    if line.evidence is not None:
        calls = [call for call in run.calls if call.call_id == line.evidence.call_id]
        used = [row for row in run.credentials if calls and row.credential_id == calls[0].credential_id]
    else:
        # A missing value has no answer of its own: every call to the system counts.
        used = [row for row in run.credentials if (row.attempt, row.tool) == (attempt, source)]
        calls = [call for row in used for call in run.calls_of(row)]
    refusals = [row for row in run.denials if (row.attempt, row.tool) == (attempt, source)]
    credential: list[Line] = [each for row in used for each in _credential(row)]
    credential += [f"the vault refused {row.vault_path}: {row.reason}" for row in refusals]
    return (
        value,
        _identity(run, used[0].attempt if used else attempt),
        credential or ["none was issued"],
        [each for call in calls for each in _call(call)] or ["none was made"],
    )


def _identity(run: FiledRun, number: int) -> Cell:
    lines: list[Line] = [f"attempt {number}"]
    for attempt in run.attempts:
        if attempt.number == number and attempt.token_accessor:
            lines += ["run token accessor", code(attempt.token_accessor)]
            lines += ["login request", code(attempt.login_request_id)]
    return lines


def _credential(row: CredentialRow) -> list[Line]:
    return [
        f"policy {row.policy} allowed",
        code(row.vault_path),
        f"{worded(KINDS, row.kind)}, vault request",
        code(row.request_id),
        "SHA-256 fingerprint",
        code(row.fingerprint),
    ]


def _call(call: CallRow) -> list[Line]:
    return [
        code(call.operation),
        f"{f'status {call.status}' if call.status else 'no answer'}, {instant(call.started_at)}",
        "SHA-256 of the answer",
        code(call.answer_digest or "none"),
    ]
