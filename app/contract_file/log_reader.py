"""Reads the vault's own lines of runs for their contract file, with the digests of those between, out of its log."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from app.contract_file.log_extract import FiledStretch, LogExtract, RunCoverage
from app.contract_file.log_search import LINES_LIMIT, RunSearch, Searched
from app.credentials.log_files import open_all
from app.credentials.tables import AttemptRow
from app.reconciliation.log_anchors import Anchor, ChainStretch
from app.reconciliation.log_coverage import SHARED
from app.review.queries.filed_documents import FiledRun

#: How far clocks and the order of lines may differ.
_MARGIN = timedelta(minutes=1)
_NOT_SET = "VAULT_AUDIT_LOG is not set, so the vault's log cannot be read here"
_NO_FILE = "a file of the vault's log of this time is not here"
_TOO_MANY = f"the vault's log has more than {LINES_LIMIT:,} lines of this time"


class KnownLog(Protocol):
    """What is known of the vault's log; see `app.contract_file.log_records.LogRecords`."""

    def chains(self, since: datetime) -> list[ChainStretch]:
        """The chains that grew after a time."""

    def anchors(self, chain: ChainStretch) -> Iterator[Anchor]:
        """The anchors of a chain after that at its start."""

    def gap(self, since: datetime, until: datetime) -> str | None:
        """Why not all between two times was read."""


class LogReader:
    """Reads extracts. `audit_log` is the file being written, with wildcards where several servers write one each."""

    def __init__(self, known: KnownLog, audit_log: Path | None) -> None:
        self._known = known
        self._audit_log = audit_log

    def extract(self, runs: Sequence[FiledRun], at: datetime) -> LogExtract:
        """The lines of these runs; `at` (UTC) is when the export is made. Raises `OperationalError`."""
        readings = {run.run.run_id: _RunReading(self._known, run) for run in runs}
        for reading in readings.values():
            reading.read(self._audit_log, at)
        return LogExtract(
            stretches=[stretch for each in readings.values() for stretch in each.stretches],
            runs={run_id: each.coverage() for run_id, each in readings.items()},
        )


class _RunReading:
    """The reading of one run."""

    def __init__(self, known: KnownLog, run: FiledRun) -> None:
        self._known = known
        self._run = run
        self._gaps: list[str] = []
        self._missing: list[str] = []
        self.stretches: list[FiledStretch] = []

    def coverage(self) -> RunCoverage:
        """What is not proven."""
        return RunCoverage(gaps=list(dict.fromkeys(self._gaps)), missing=list(dict.fromkeys(self._missing)))

    def read(self, audit_log: Path | None, at: datetime) -> None:
        """Read what the vault logged in the time of each attempt."""
        if audit_log is None:
            self._gaps.append(_NOT_SET)
            return
        try:
            with open_all(audit_log) as logs:
                for since, until in _times(self._run.attempts, at):
                    self._read_time(since, until, logs)
        except OSError as error:
            self._gaps.append(f"the vault's log cannot be read: {error.strerror or type(error).__name__}")

    def _read_time(self, since: datetime, until: datetime, logs: Sequence[BinaryIO]) -> None:
        if premise := self._known.gap(since, until):
            (self._missing if premise == SHARED else self._gaps).append(premise)
        search = RunSearch(
            run_id=str(self._run.run.run_id),
            wrapping_accessors=[attempt.wrapping_accessor for attempt in self._run.attempts],
            until=until + _MARGIN,
        )
        read: list[ChainStretch] = []
        done: list[BinaryIO] = []
        for chain in self._known.chains(since - _MARGIN):
            own = [log for log in logs if os.fstat(log.fileno()).st_ino == chain.end.inode]
            is_later = chain.start.at > search.until and not any(map(search.is_reached_by, own))
            if is_later or any(log in done for log in own):
                continue
            found = self._search(search, chain, own, logs)
            is_kept = chain.loss is None or chain.needs_alarm
            if found is None or not (found.is_whole or is_kept):
                self._gaps.append(_NO_FILE if chain.loss is None else f"{_NO_FILE} ({chain.loss})")
                continue
            read.append(chain)
            self._gaps += [_TOO_MANY] if found.was_cut else []
            if found.stretch is not None:
                self.stretches.append(found.stretch)
                done += own if found.is_whole else []
        if not read:
            self._gaps.append(_NO_FILE)

    def _search(
        self, search: RunSearch, chain: ChainStretch, own: Sequence[BinaryIO], logs: Sequence[BinaryIO]
    ) -> Searched | None:
        """The lines in the file of a chain, or in a copy that rotation made of it; None if there is neither."""
        others = [log for log in logs if log not in own]
        found = None
        for log in (*own, *others):
            here = search.search(log, chain.start, self._known.anchors(chain))
            if here.is_whole:
                return here
            found = here if log in own else found
        return found


def _times(attempts: Sequence[AttemptRow], at: datetime) -> list[tuple[datetime, datetime]]:
    """The times (UTC) in which attempts were under way or had credentials; those that are near each other as one."""
    times: list[tuple[datetime, datetime]] = []
    for attempt in sorted(attempts, key=lambda each: each.dispatched_at):
        since, until = attempt.dispatched_at, attempt.revoked_at or attempt.ended_at or at
        if times and since - times[-1][1] <= 2 * _MARGIN:
            since, until = times[-1][0], max(until, times.pop()[1])
        times.append((since, until))
    return times
