"""Makes exports and records each one before it is handed over."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC
from io import BytesIO
from typing import IO, Self
from uuid import UUID

from sqlalchemy import func, select

from app.connections.database import Sessions
from app.connections.secret_files import SettingsError
from app.contract_file.bundle import bundle, printed
from app.contract_file.content import ANSWERS, Occasion
from app.contract_file.keys import KeysError, SigningKeys
from app.contract_file.log_line_export import spooled_lines
from app.contract_file.log_reader import LogReader
from app.contract_file.queue_export import Format, spooled
from app.contract_file.spooled import digest_of
from app.credentials.tables import RunRow
from app.reconciliation.verdict import Reconciliation
from app.review.export_records import ExportRecords
from app.review.queries import raw_answers
from app.review.queries.action_file import Snapshot, snapshot
from app.review.queries.exported import lines_with_values
from app.review.queries.filed_documents import ActionFile
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.log_line_filter import VaultLogFilter
from app.review.queries.log_lines import every_line
from app.review.queries.queue import Sort
from app.review.roles import Person
from app.review.settings import ReviewSettings
from app.review.tables import ExportRecordRow

#: Compares vault, tools and records for one run.
Compare = Callable[[UUID], Reconciliation | None]
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_ANSWER = "application/octet-stream"
_MEDIA_TYPES = {
    "contract-file.zip": "application/zip",
    "contract-file.pdf": "application/pdf",
    "flags.csv": "text/csv; charset=utf-8; header=present",
    "flags.json": "application/json",
    "vault-log.jsonl": "application/jsonl",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """An export: its file, positioned at the start, to be sent and closed; its media type; and a safe file name."""

    file: IO[bytes]
    media_type: str
    name: str
    record: ExportRecordRow


def signing_keys(configuration: ReviewSettings) -> SigningKeys:
    """The keys in EXPORT_KEY_FILE. Raises `SettingsError`."""
    try:
        return SigningKeys.load(configuration.file("export_key_file"))
    except KeysError as error:
        raise SettingsError(f"EXPORT_KEY_FILE: {error}") from None


class Exporter:
    """Makes exports. Each is recorded with its digest before it is handed over."""

    def __init__(
        self,
        sessions: Sessions,
        log: LogReader,
        compare: Compare,
        keys: SigningKeys,
        *,
        far: str,
        demo: bool,
    ) -> None:
        self._sessions = sessions
        self._log = log
        self._compare = compare
        self._records = ExportRecords(sessions)
        self._keys = keys
        self._far = far
        self._demo = demo

    @classmethod
    def of(cls, configuration: ReviewSettings, sessions: Sessions, log: LogReader, compare: Compare) -> Self:
        """An exporter with these settings. Raises `SettingsError`."""
        keys = signing_keys(configuration)
        return cls(sessions, log, compare, keys, far=configuration.far, demo=configuration.demo)

    @property
    def keys(self) -> SigningKeys:
        """The keys that sign bundles."""
        return self._keys

    def contract_file(self, action_id: str, by: Person) -> Exported | None:
        """The bundle of an action, or None if the action is unknown. Raises `TooLargeError` and `PrintError`."""
        return self._of_action(action_id, by, "zip", self._bundle)

    def printed(self, action_id: str, by: Person) -> Exported | None:
        """The PDF of an action alone, or None if the action is unknown. Raises `TooLargeError` and `PrintError`."""
        return self._of_action(action_id, by, "pdf", self._printed)

    def answer(self, call_id: UUID, by: Person) -> Exported | None:
        """The answer to one call as received, or None if it was not kept."""
        with self._sessions() as db:
            found = raw_answers.answer(db, call_id)
            run = db.get(RunRow, found.call.run_id) if found else None
        if found is None or found.body is None:
            return None
        return self._handed_over(
            BytesIO(found.body),
            self._occasion(by),
            kind=f"{ANSWERS}{call_id}",
            name=f"answer-{call_id}.bin",
            action_id=run.job_id if run else None,
        )

    def queue(self, wanted: FlagFilter, *, sort: Sort, form: Format, query: str, by: Person) -> Exported:
        """Every flag that matches, in that order. `query` is the filter as in the address, for the record."""
        when = self._occasion(by)
        made = spooled(lines_with_values(self._sessions, wanted, sort=sort), form, wanted, when)
        kind = f"flags.{form.value}"
        return self._handed_over(
            made, when, kind=kind, name=f"flags-{_stamp(when)}.{form.value}", query=query
        )

    def vault_log(self, wanted: VaultLogFilter, *, query: str, by: Person) -> Exported:
        """Every line of the vault's log that matches, newest first. `query` as for the queue."""
        when = self._occasion(by)
        made = spooled_lines(every_line(self._sessions, wanted))
        return self._handed_over(
            made, when, kind="vault-log.jsonl", name=f"vault-log-{_stamp(when)}.jsonl", query=query
        )

    def _bundle(self, snap: Snapshot, when: Occasion) -> IO[bytes]:
        log = self._log.extract(snap.file.runs, when.at)
        return bundle(self._compared(snap.file), snap.answers(), log, when, self._keys)

    def _printed(self, snap: Snapshot, when: Occasion) -> IO[bytes]:
        snap.release()
        return printed(self._compared(snap.file), self._log.extract(snap.file.runs, when.at), when)

    def _compared(self, file: ActionFile) -> ActionFile:
        runs = [replace(run, compared=self._compare(run.run.run_id)) for run in file.runs]
        return replace(file, runs=runs)

    def _of_action(
        self, action_id: str, by: Person, ending: str, make: Callable[[Snapshot, Occasion], IO[bytes]]
    ) -> Exported | None:
        when = self._occasion(by)
        with snapshot(self._sessions, action_id) as snap:
            if snap is None:
                return None
            made = make(snap, when)
        name = f"contract-file-{_UNSAFE.sub('_', action_id)}-{_stamp(when)}.{ending}"
        return self._handed_over(made, when, kind=f"contract-file.{ending}", name=name, action_id=action_id)

    def _occasion(self, by: Person) -> Occasion:
        with self._sessions() as db:
            at = db.execute(select(func.now())).scalar_one()
        return Occasion(at=at.astimezone(UTC), by=by, far=self._far, demo=self._demo)

    def _handed_over(
        self,
        made: IO[bytes],
        when: Occasion,
        *,
        kind: str,
        name: str,
        action_id: str | None = None,
        query: str | None = None,
    ) -> Exported:
        with ExitStack() as unless_kept:
            unless_kept.callback(made.close)
            digest, size = digest_of(made)
            record = ExportRecordRow(
                kind=kind,
                action_id=action_id,
                query=query,
                by=when.by.subject,
                by_name=when.by.name,
                at=when.at,
                digest=digest,
                bytes=size,
            )
            self._records.add(record)
            unless_kept.pop_all()
        return Exported(file=made, media_type=_MEDIA_TYPES.get(kind, _ANSWER), name=name, record=record)


def _stamp(when: Occasion) -> str:
    return f"{when.at:%Y%m%dT%H%M%SZ}"
