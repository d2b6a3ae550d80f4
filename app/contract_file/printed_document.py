"""The text of the printed contract file, in order. `contract_file.typ` sets its layout."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.contract_file.blocks import Block, code, facts, heading, note, paragraph, soft, strong, table
from app.contract_file.content import ANSWERS, JSON, MANIFEST, PDF, SIGNATURE, Occasion
from app.contract_file.credential_ends import unconfirmed_ends
from app.contract_file.findings import finding, standing
from app.contract_file.log_blocks import vault_log
from app.contract_file.log_check import CheckedLog
from app.contract_file.log_extract import STRETCHES
from app.contract_file.print_text import instant, moment
from app.contract_file.printed_checks import checks_made
from app.contract_file.printed_sign_off import checklist
from app.contract_file.seven_steps import seven_steps
from app.procurement.finding import NOT_PERFORMED
from app.procurement.labels import ACTION_TYPES, plural, worded
from app.procurement.rules.support.value_text import money
from app.review.queries.filed_documents import ActionFile
from app.store.tables import ActionRow

_DEMO = "Demo - not an official government website. The data are made up."


def document(
    file: ActionFile, log: CheckedLog, occasion: Occasion, files: Mapping[str, tuple[str, int]]
) -> dict[str, Any]:
    """The blocks of the document. `log` is what the vault's own lines say of its records.

    `files` gives SHA-256 (hex) and size in bytes of the files beside it, by name.
    """
    title = f"Contract file of {file.action.action_id}"
    return {
        "title": title,
        "description": f"What the systems state about {which(file.action)}, where they differ, and what was decided",
        "exported": f"Exported {moment(occasion.at)}",
        "strip": _DEMO if occasion.demo else None,
        "footer": "The tool advises; the contracting officer decides.",
        "blocks": list(_blocks(file, log, occasion, files)),
    }


def which(action: ActionRow) -> str:
    """The contract an action is about."""
    return f"{action.piid} modification {action.modification}" if action.modification else action.piid


def _blocks(
    file: ActionFile, log: CheckedLog, occasion: Occasion, files: Mapping[str, tuple[str, int]]
) -> Iterator[Block]:
    yield paragraph(
        f"{worded(ACTION_TYPES, file.action.action_type)}, {which(file.action)}, {money(file.action.amount)}:"
        f" {file.action.description}"
    )
    yield paragraph(soft(f"Exported {moment(occasion.at)} by {occasion.by.name} ({occasion.by.subject})."))
    yield from unconfirmed_ends(file, occasion.at)
    yield heading(1, "Ready to sign")
    yield from checklist(file.sign_off)
    yield heading(1, "Summary of findings")
    yield from _summary(file)
    yield heading(1, "The action")
    yield from _action(file.action)
    if file.flags:
        yield heading(1, "Findings, one by one")
    for number, each in enumerate(file.flags, start=1):
        yield from finding(number, each, file, far=occasion.far)
    for run in file.runs:
        if run.run.run_id == file.latest:
            yield heading(1, "Checks of the latest completed run")
            yield from checks_made(file, run)
    for run in file.runs:
        yield from seven_steps(run, file, at=occasion.at)
    yield from _others(file)
    if file.runs:
        yield heading(1, "What the vault’s own log says")
        yield from vault_log(log)
    yield heading(1, "Files and their digests")
    yield from _files(files)


def _summary(file: ActionFile) -> Iterator[Block]:
    if file.latest is None:
        yield note(strong("No run of this action has completed. Nothing has been checked yet."))
    gaps = [
        each for each in file.flags if each.flag.rule == NOT_PERFORMED and each.flag.run_id == file.latest
    ]
    if gaps:
        yield note(strong("Not everything was checked."), *(each.flag.because for each in gaps))
    if not file.flags:
        if file.latest:
            yield paragraph("No findings. Every check that applies was made, and all values agree.")
        return
    yield table(
        plural(len(file.flags), "finding"),
        (("No.", 1), ("Severity", 3), ("What differs", 9), ("Status", 5)),
        (
            (
                str(number),
                each.flag.severity.capitalize(),
                (strong(f"{each.flag.rule} {each.flag.title}"), each.flag.because)
                if each.flag.run_id == file.latest
                else (
                    strong(f"{each.flag.rule} {each.flag.title}"),
                    each.flag.because,
                    soft("From an earlier run."),
                ),
                standing(each.flag),
            )
            for number, each in enumerate(file.flags, start=1)
        ),
    )


def _action(action: ActionRow) -> Iterator[Block]:
    yield facts(
        ("Action", action.action_id),
        ("Type", worded(ACTION_TYPES, action.action_type)),
        ("Contract", which(action)),
        ("Amount", money(action.amount)),
        ("Effective date", str(action.effective_date)),
        ("Description", action.description),
        ("Submitted", moment(action.submitted_at)),
        *((name.replace("_", " ").capitalize(), _plain(value)) for name, value in action.terms.items()),
    )
    yield table(
        "Vendors named in the action",
        (("Name", 5), ("Role", 2), ("UEI", 3), ("CAGE", 2)),
        (
            (
                each["name"],
                each["role"].capitalize(),
                code(each["uei"]),
                code(each["cage"]) if each["cage"] else "not given",
            )
            for each in action.vendors
        ),
    )


def _plain(value: Any) -> str:
    match value:
        case dict():
            return "; ".join(f"{name.replace('_', ' ')}: {_plain(item)}" for name, item in value.items())
        case list():
            return ", ".join(_plain(item) for item in value)
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _others(file: ActionFile) -> Iterator[Block]:
    if file.other_runs:
        yield heading(1, "Other runs of this action")
        yield paragraph("Officers have decided none of their findings.")
        yield table(
            plural(len(file.other_runs), "run"),
            (("Run", 5), ("State", 2), ("Requested", 5)),
            ((code(run.run_id), run.state, instant(run.requested_at)) for run in file.other_runs),
        )
        if file.more_runs:
            yield note(f"Only the newest are listed. Not listed: {plural(file.more_runs, 'earlier run')}.")


def _files(files: Mapping[str, tuple[str, int]]) -> Iterator[Block]:
    yield paragraph(
        f"A bundle holds this document ({PDF}), its content for programs ({JSON}), each answer as received"
        f" ({ANSWERS}), lines of the vault’s log ({STRETCHES}), the list of all digests ({MANIFEST}) and its signature"
        f" ({SIGNATURE})."
    )
    yield table(
        "SHA-256 of the files beside this document",
        (("File", 5), ("Bytes", 1), ("SHA-256", 6)),
        ((code(name), f"{size:,}", code(digest)) for name, (digest, size) in sorted(files.items())),
    )
    yield paragraph(
        "To verify a bundle, run triage verify FILE.zip. This document shows characters that its fonts lack by code"
        f" point, such as [U+4E2D]; {JSON} has the characters themselves."
    )
