"""Steps 6 and 7 of a run in the printed contract file: how each credential ended, and that the next run got new ones."""

from collections.abc import Iterator
from datetime import datetime

from app.contract_file.blocks import Block, Cell, note, paragraph, table
from app.contract_file.print_text import instant
from app.procurement.labels import ENDERS, KINDS, SYSTEMS, plural, worded
from app.review.queries.filed_documents import ActionFile, FiledRun

_SIGNED = "signed-token"


def ends(filed: FiledRun, at: datetime) -> Iterator[Block]:
    """How each credential of a run ended; `at` is when the export was made."""
    rows: list[list[Cell]] = [
        [
            "Run token",
            instant(each.token_expires_at),
            _end(each.revoked_at, each.revoked_by, each.token_expires_at, at),
        ]
        for each in filed.attempts
        if each.token_accessor
    ]
    rows += [
        [
            f"{worded(KINDS, row.kind)}, {worded(SYSTEMS, row.tool)}",
            instant(row.expires_at),
            _end(row.revoked_at, row.ended_by, row.expires_at, at),
        ]
        for row in filed.credentials
    ]
    if not rows:
        yield paragraph("None was issued, so none can end.")
        return
    yield table("How each credential ended", (("Credential", 5), ("Expires", 5), ("How it ended", 6)), rows)
    if any(row.kind == _SIGNED for row in filed.credentials):
        yield note("A signed token cannot be revoked; it ends by its TTL.")


def _end(revoked: datetime | None, by: str | None, expires: datetime | None, at: datetime) -> str:
    if revoked is not None:
        return f"revoked {instant(revoked)} by {worded(ENDERS, by or 'an unknown party')}"
    if expires is not None and expires <= at:
        return "expired by its TTL"
    return "still valid when this was exported"


def next_run(filed: FiledRun, file: ActionFile) -> Block:
    """What the run after the latest one had in common with it."""
    if filed.run.run_id != file.latest:
        return paragraph("Not looked at for earlier runs.")
    if file.next is None:
        return paragraph("No run has started after this one yet.")
    later = file.next
    return paragraph(
        f"Run {later.run.run_id} of {later.run.job_id} started next, {instant(later.run.started_at)}. Of its"
        f" {plural(later.credentials, 'credential')}, {later.shared} {'has' if later.shared == 1 else 'have'} a"
        " fingerprint in common with this run."
    )
