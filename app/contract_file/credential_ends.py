"""Steps 6 and 7 of a run in the printed contract file: how each credential ended, and the next run."""

from collections.abc import Iterator
from datetime import datetime

from app.contract_file.blocks import Block, Cell, note, paragraph, strong, table
from app.contract_file.print_text import instant
from app.credentials.ending import Ending, unrecorded_name
from app.credentials.lineage import CredentialKind
from app.procurement.labels import KINDS, SOURCES, plural, worded
from app.review.queries.filed_documents import ActionFile, FiledRun


def ends(filed: FiledRun, at: datetime) -> Iterator[Block]:
    """How each credential of a run ended; `at` is when the export was made."""
    endings = filed.endings(at)
    rows: list[list[Cell]] = [
        _row(f"Run token of attempt {each.number}", each.token_expires_at, ending)
        for each, ending in endings.tokens()
    ]
    for row in filed.credentials:
        name = f"{worded(KINDS, row.kind)}, {worded(SOURCES, row.tool)}"
        rows.append(_row(name, row.expires_at, endings.of_credential(row)))
    rows += [
        _row(f"{unrecorded_name(each)}, which the worker did not record", None, endings.of_unrecorded(each))
        for each in filed.unrecorded
    ]
    if not rows:
        yield paragraph(
            "Neither the records nor the vault’s log, as far as it had been read, show a credential of this run."
        )
        return
    yield table("How each credential ended", (("Credential", 5), ("Expires", 5), ("How it ended", 6)), rows)
    if any(row.kind == CredentialKind.SIGNED_TOKEN for row in filed.credentials):
        yield note("A signed token cannot be revoked. It expires by its TTL.")


def unconfirmed_ends(file: ActionFile, at: datetime) -> Iterator[Block]:
    """A warning if an end on record had not been confirmed when the export was made."""
    number = sum(1 for run in file.runs for _ in run.endings(at).not_confirmed())
    if number:
        yield note(
            strong("Not every end is confirmed."),
            f"When this file was exported, the vault had not confirmed the end of {plural(number, 'attempt')}."
            " Credentials of these attempts may have been alive. Step 6 of each run names the reason.",
        )


def _row(name: str, expires: datetime | None, ending: Ending) -> list[Cell]:
    return [name, instant(expires) if expires else "not recorded", ending.wording(instant(ending.at))]


def next_run(filed: FiledRun, file: ActionFile) -> Block:
    """The run that started after the latest one, and how many fingerprints they share."""
    if filed.run.run_id != file.latest:
        return paragraph("Shown only for the latest run.")
    if file.next is None:
        return paragraph("No run has started after this one yet.")
    later = file.next
    return paragraph(
        f"Run {later.run.run_id} of {later.run.job_id} started next, {instant(later.run.started_at)}. Of its"
        f" {plural(later.credentials, 'credential')}, {later.shared} {'has' if later.shared == 1 else 'have'} a"
        " fingerprint in common with this run."
    )
