"""The three sides of a stretch of time in one comparison, with what it does not establish."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from app.reconciliation.matching import Sides, leftovers
from app.reconciliation.side_records import SideRecords
from app.reconciliation.verdict import Reconciliation

#: The name of the vault's log among the sources.
VAULT_LOG = "vault-log"


def read_until(engine: Engine, systems: Mapping[str, str]) -> datetime | None:
    """The time (UTC) to which the logs of all tools have been read; None before that. Raises `OperationalError`."""
    known = SideRecords(engine, systems).coverage()
    moments = [known[name].read_until if name in known else None for name in systems.values()]
    return None if None in moments else min(filter(None, moments), default=None)


def reconcile(engine: Engine, systems: Mapping[str, str], since: datetime, until: datetime) -> Reconciliation:
    """Compare the sides between two times (UTC). `systems` as in `SideRecords`. Raises `OperationalError`."""
    records = SideRecords(engine, systems)
    sides = records.between(since, until)
    known = records.coverage()
    missing = []
    for source in (VAULT_LOG, *sorted(systems.values())):
        coverage = known.get(source)
        gap = f"the log of {source} is not read" if coverage is None else coverage.gap(since, until)
        missing += [gap] if gap else []
    return Reconciliation(
        since=since,
        until=until,
        issued=len(sides.issued),
        used=_used(sides),
        recorded=len(sides.recorded),
        leftovers=leftovers(sides),
        missing=missing,
    )


def _used(sides: Sides) -> int:
    """How many credentials tools saw, known or not."""
    names = {used.service_user or used.fingerprint for used in sides.used}
    return len(names - {None})
