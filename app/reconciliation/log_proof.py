"""Proves that the vault's log still is what was read, from one time to another, and names the first line that is not."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from app.credentials.log_files import open_all
from app.reconciliation.log_anchors import AnchorStore, ChainStretch
from app.reconciliation.log_chain import first_difference
from app.reconciliation.side_records import SideRecords
from app.reconciliation.verdict import Verdict


@dataclass(kw_only=True, slots=True)
class LogProof:
    """What became of the lines of one log that were read between two times (UTC).

    `changed` names the first line of each file that is not as it was read; `missing` each premise that is not proven.
    """

    since: datetime
    until: datetime
    lines: int = 0
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """FAIL with any changed line; PASS only if nothing is missing either."""
        if self.changed:
            return Verdict.FAIL
        return Verdict.NOT_ESTABLISHED if self.missing else Verdict.PASS


def prove_log(
    engine: Engine, source: str, named: Path | None, since: datetime | None, until: datetime | None
) -> LogProof:
    """Read a log again between two times and compare it with its anchors; without times, all that was read of it.

    `source` is its name in the database, `named` the file being written. Raises `OperationalError`.
    """
    store = AnchorStore(engine)
    known = SideRecords(engine, {}).coverage().get(source)
    if known is None or known.covered_from is None or known.read_until is None:
        now = store.now()
        missing = [f"nothing of {source} was read"]
        return LogProof(since=since or now, until=until or now, missing=missing)
    proof = LogProof(since=since or known.covered_from, until=until or known.read_until)
    gap = known.gap(proof.since, proof.until)
    proof.missing += [gap] if gap else []
    first = since or datetime.min.replace(tzinfo=proof.until.tzinfo)
    try:
        if named is None:
            raise FileNotFoundError(0, "no setting names it", source)
        with open_all(named) as logs:
            for stretch in store.stretches(source, first, proof.until):
                _prove(proof, store, stretch, logs)
    except OSError as error:
        proof.missing.append(f"{error.filename or named}: {error.strerror or type(error).__name__}")
    return proof


def _prove(proof: LogProof, store: AnchorStore, stretch: ChainStretch, logs: Collection[BinaryIO]) -> None:
    start, end = stretch.start, stretch.end
    proof.lines += end.lines - start.lines
    own = [log for log in logs if os.fstat(log.fileno()).st_ino == end.inode]
    others = [log for log in logs if log not in own]
    found = [first_difference(log, start, store.between(start, end)) for log in own]
    if None not in found:
        # Rotation may have left a copy, or the file was moved to another file system.
        found += [first_difference(log, start, store.between(start, end)) for log in others]
    if stretch.loss is not None and stretch.needs_alarm:
        proof.changed.append(stretch.loss)
    elif None in found:
        return
    elif own:
        proof.changed.append(f"{end.file}: {found[0]}")
    elif stretch.loss is not None:
        proof.missing.append(f"{end.file}: lines {start.lines + 1} to {end.lines} are no longer kept")
    else:
        proof.changed.append(
            f"{end.file}: the file that held lines {start.lines + 1} to {end.lines} was removed"
        )
