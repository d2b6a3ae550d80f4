"""The three sides of a stretch of time in one comparison, with what it does not establish."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from app.reconciliation.matching import Sides, leftovers, unproven
from app.reconciliation.settings import VAULT_LOG
from app.reconciliation.side_records import SideRecords
from app.reconciliation.verdict import Reconciliation

_FIRST = text(
    "SELECT least((SELECT min(at) FROM vault_event WHERE kind = 'issued'), (SELECT min(issued_at) FROM credential),"
    " (SELECT min(at) FROM tool_use WHERE fingerprint IS NOT NULL OR service_user IS NOT NULL))"
)


def read_until(engine: Engine, systems: Mapping[str, str]) -> datetime | None:
    """The time (UTC) to which the logs of vault and tools have been read; None before that. Raises `OperationalError`."""
    known = SideRecords(engine, systems).coverage()
    moments = [known[name].read_until if name in known else None for name in (VAULT_LOG, *systems.values())]
    return None if None in moments else min(filter(None, moments), default=None)


def day_before(engine: Engine, until: datetime) -> datetime:
    """The beginning of the day that ends then; later if nothing happened on any side before. Raises `OperationalError`."""
    with engine.begin() as db:
        first: datetime | None = db.execute(_FIRST).scalar_one()
    begin = until - timedelta(days=1)
    return max(begin, first) if first is not None and first < until else begin


def reconcile(engine: Engine, systems: Mapping[str, str], since: datetime, until: datetime) -> Reconciliation:
    """Compare the sides between two times (UTC). `systems` as in `SideRecords`. Raises `OperationalError`."""
    sides, known = SideRecords(engine, systems).between(since, until)
    missing = dict.fromkeys(
        f"the log of {source} is not read" if source not in known else known[source].gap(since, until)
        for source in (VAULT_LOG, *sorted(systems.values()))
    )
    return Reconciliation(
        since=since,
        until=until,
        issued=sum(since <= each.at < until for each in sides.issued),
        used=_used(sides, since, until),
        recorded=sum(since <= each.issued_at < until for each in sides.recorded),
        leftovers=leftovers(sides),
        missing=[*(premise for premise in missing if premise), *unproven(sides)],
    )


def _used(sides: Sides, since: datetime, until: datetime) -> int:
    """How many credentials tools saw, known or not; each counts when it was issued, or else when it was first seen."""
    issued = {
        name: each.issued_at for each in sides.recorded for name in (each.fingerprint, each.service_user)
    }
    first: dict[str, datetime] = {}
    for used in sides.used:
        if name := used.service_user or used.fingerprint:
            first[name] = min(used.at, first.get(name, used.at))
    return sum(since <= issued.get(name, seen) < until for name, seen in first.items())
