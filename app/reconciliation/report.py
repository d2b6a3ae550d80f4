"""The three sides of a stretch of time in one comparison, with what it does not establish."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, text

from app.reconciliation.joined_uses import unproven
from app.reconciliation.log_coverage import Coverage
from app.reconciliation.matching import leftovers
from app.reconciliation.settings import VAULT_LOG, log_name
from app.reconciliation.side_records import SideRecords
from app.reconciliation.sides import Sides
from app.reconciliation.verdict import Reconciliation

_FIRST = text(
    "SELECT least((SELECT min(at) FROM vault_event WHERE kind = 'issued'), (SELECT min(issued_at) FROM credential),"
    " (SELECT min(at) FROM tool_use WHERE fingerprint IS NOT NULL OR service_user IS NOT NULL))"
)
#: From the first dispatch of a run to the last confirmed end, or to the end of an attempt that has none yet.
_TIME = text(
    "SELECT min(dispatched_at) AS since, max(greatest(ended_at, revoked_at)) AS until FROM attempt"
    " WHERE run_id = :run_id HAVING count(*) > 0 AND bool_and(ended_at IS NOT NULL)"
)


def read_until(engine: Engine, systems: Mapping[str, str]) -> datetime | None:
    """The time (UTC) to which the logs of vault and tools have been read; None before that. Raises `OperationalError`."""
    known = SideRecords(engine, systems).coverage()
    moments = [known[name].read_until if name in known else None for name in (VAULT_LOG, *systems.values())]
    return None if None in moments else min(filter(None, moments), default=None)


def begin_of(engine: Engine, span: timedelta, until: datetime) -> datetime:
    """The beginning of the span that ends then; later if nothing happened on any side before. Raises `OperationalError`."""
    with engine.begin() as db:
        first: datetime | None = db.execute(_FIRST).scalar_one()
    begin = until - span
    return max(begin, first) if first is not None and first < until else begin


def reconcile(engine: Engine, systems: Mapping[str, str], since: datetime, until: datetime) -> Reconciliation:
    """Compare the sides between two times (UTC). `systems` as in `SideRecords`. Raises `OperationalError`."""
    agreed, sides, known = SideRecords(engine, systems).doubtful(since, until)
    return Reconciliation(
        since=since,
        until=until,
        issued=agreed.issued,
        used=agreed.used + count_used(sides, since, until),
        recorded=agreed.recorded,
        leftovers=leftovers(sides),
        missing=[*_missing(known, systems, since, until), *unproven(sides)],
    )


def reconcile_lately(engine: Engine, systems: Mapping[str, str], span: timedelta) -> Reconciliation | None:
    """Compare the sides over the last `span` to which all logs were read; None before all have been. As `reconcile`."""
    until = read_until(engine, systems)
    return None if until is None else reconcile(engine, systems, begin_of(engine, span, until), until)


def reconcile_run(engine: Engine, systems: Mapping[str, str], run_id: UUID) -> Reconciliation | None:
    """Compare the sides of one run, over the time of its attempts; None until they have ended, and for a run without any.

    Arguments and errors as in `reconcile`. What is missing for that time is missing for the run.
    """
    with engine.begin() as db:
        time = db.execute(_TIME, {"run_id": run_id}).one_or_none()
    if time is None:
        return None
    sides, known = SideRecords(engine, systems).between(time.since, time.until, run_id)
    names = {each.service_user or each.fingerprint for each in sides.used}
    return Reconciliation(
        since=time.since,
        until=time.until,
        issued=len(sides.issued),
        used=len(names - {None}),
        recorded=len(sides.recorded),
        leftovers=leftovers(sides),
        missing=[*_missing(known, systems, time.since, time.until), *unproven(sides)],
    )


def _missing(
    known: Mapping[str, Coverage], systems: Mapping[str, str], since: datetime, until: datetime
) -> list[str]:
    """What the logs do not prove of this time, each premise once."""
    found = dict.fromkeys(
        known[source].gap(since, until) if source in known else f"{log_name(source)} is not read"
        for source in (VAULT_LOG, *sorted(systems.values()))
    )
    return [premise for premise in found if premise]


def count_used(sides: Sides, since: datetime, until: datetime) -> int:
    """How many credentials tools saw, known or not; each counts when it was issued, or else when it was first seen."""
    issued = {
        name: each.issued_at for each in sides.recorded for name in (each.fingerprint, each.service_user)
    }
    first: dict[str, datetime] = {}
    for used in sides.used:
        if name := used.service_user or used.fingerprint:
            first[name] = min(used.at, first.get(name, used.at))
    return sum(since <= issued.get(name, seen) < until for name, seen in first.items())
