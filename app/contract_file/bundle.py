"""The bundle of one action: a signed ZIP that any recipient can verify, even years later."""

import hashlib
import stat
from collections.abc import Iterable
from datetime import UTC
from io import BytesIO
from typing import IO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.contract_file.content import (
    ANSWERS,
    JSON,
    MANIFEST,
    PDF,
    SIGNATURE,
    Occasion,
    contract_file,
    manifest,
    serialised,
)
from app.contract_file.keys import SigningKeys
from app.contract_file.log_check import CheckedLog, check_log
from app.contract_file.log_extract import LogExtract
from app.contract_file.pdf import pdf
from app.contract_file.printed_document import document
from app.contract_file.run_content import run_content
from app.contract_file.spooled import unnamed_file
from app.review.queries.action_file import TooLargeError
from app.review.queries.filed_documents import ActionFile

#: The most bytes of raw answers in one bundle.
ANSWERS_LIMIT = 256_000_000
_UNIX = 3


class _Writer:
    """Adds files to a ZIP, dated at the time of the export, and keeps their digests and sizes."""

    def __init__(self, to: ZipFile, occasion: Occasion) -> None:
        self._zip = to
        self._time = occasion.at.astimezone(UTC).timetuple()[:6]
        self.digests: dict[str, tuple[str, int]] = {}

    def add(self, name: str, content: bytes) -> None:
        entry = ZipInfo(name, self._time)
        entry.compress_type = ZIP_DEFLATED
        entry.create_system = _UNIX
        entry.external_attr = (stat.S_IFREG | 0o644) << 16
        self._zip.writestr(entry, content)
        self.digests[name] = (hashlib.sha256(content).hexdigest(), len(content))


def printed(file: ActionFile, log: LogExtract, occasion: Occasion) -> IO[bytes]:
    """The PDF alone. It lists the raw answers with their digests as received. Raises `PrintError`."""
    received = {
        f"{ANSWERS}{call.call_id}": (call.answer_digest, call.answer_bytes)
        for run in file.runs
        for call in run.calls
        if call.answer_digest is not None and call.call_id in file.kept
    }
    found = _checked(file, log, occasion)
    return BytesIO(pdf(document(file, found, occasion, received), at=occasion.at))


def bundle(
    file: ActionFile,
    answers: Iterable[tuple[UUID, bytes]],
    log: LogExtract,
    occasion: Occasion,
    keys: SigningKeys,
) -> IO[bytes]:
    """The ZIP, in an anonymous file. `answers` are the raw answers by call, `log` holds the vault's lines of its runs.

    Raises `TooLargeError` and `PrintError`.
    """
    if sum(file.kept.values()) > ANSWERS_LIMIT:
        raise TooLargeError(
            f"the raw answers of action {file.action.action_id} come to more than {ANSWERS_LIMIT:,} bytes"
        )
    with unnamed_file() as made, ZipFile(made, "w", ZIP_DEFLATED) as opened:
        writer = _Writer(opened, occasion)
        for call_id, body in answers:
            writer.add(f"{ANSWERS}{call_id}", body)
        for name, lines in log.files():
            writer.add(name, lines)
        writer.add(JSON, serialised(contract_file(file, log, occasion)))
        found = _checked(file, log, occasion)
        writer.add(PDF, pdf(document(file, found, occasion, dict(writer.digests)), at=occasion.at))
        content = serialised(manifest(file, log, occasion, dict(writer.digests)))
        writer.add(MANIFEST, content)
        writer.add(SIGNATURE, keys.sign(content).encode())
    return made


def _checked(file: ActionFile, log: LogExtract, occasion: Occasion) -> CheckedLog:
    """What any recipient finds who compares the lines of the vault's log with the records."""
    runs = [run_content(run, occasion.at) for run in file.runs]
    return check_log(manifest(file, log, occasion, {}), runs, dict(log.files()))
