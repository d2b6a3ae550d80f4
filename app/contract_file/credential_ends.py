"""Steps 6 and 7 of a run in the printed contract file: how each credential ended, and the next run."""

from collections.abc import Iterator
from datetime import datetime

from app.contract_file.blocks import Block, Cell, note, paragraph, table
from app.contract_file.print_text import instant
from app.credentials.ending import Ending, credential_ending, token_ending
from app.credentials.lineage import CredentialKind
from app.procurement.labels import KINDS, SOURCES, plural, worded
from app.review.queries.filed_documents import ActionFile, FiledRun


def ends(filed: FiledRun, at: datetime) -> Iterator[Block]:
    """How each credential of a run ended; `at` is when the export was made."""
    rows: list[list[Cell]] = [
        _row("Run token", each.token_expires_at, ending)
        for each in filed.attempts
        if each.token_expires_at and (ending := token_ending(each, at))
    ]
    for row in filed.credentials:
        name = f"{worded(KINDS, row.kind)}, {worded(SOURCES, row.tool)}"
        rows.append(_row(name, row.expires_at, credential_ending(row, at)))
    if not rows:
        yield paragraph("The vault issued no credential in this run.")
        return
    yield table("How each credential ended", (("Credential", 5), ("Expires", 5), ("How it ended", 6)), rows)
    if any(row.kind == CredentialKind.SIGNED_TOKEN for row in filed.credentials):
        yield note("A signed token cannot be revoked. It expires by its TTL.")


def _row(name: str, expires: datetime, ending: Ending) -> list[Cell]:
    return [name, instant(expires), ending.wording(instant(ending.at))]


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
