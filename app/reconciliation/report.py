"""The three sides of a stretch of time in one comparison, with what it does not establish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, text

from app.reconciliation.agreement import PolicyUse
from app.reconciliation.joined_uses import unproven
from app.reconciliation.leftover_kinds import RECORDED_ONLY
from app.reconciliation.log_coverage import Coverage
from app.reconciliation.matching import leftovers
from app.reconciliation.settings import VAULT_LOG, log_name
from app.reconciliation.side_records import SideRecords
from app.reconciliation.sides import Sides
from app.reconciliation.verdict import Leftover, Reconciliation

_FIRST = text(
    "SELECT least((SELECT min(at) FROM vault_event WHERE kind = 'issued'), (SELECT min(issued_at) FROM credential),"
    " (SELECT min(at) FROM tool_use WHERE fingerprint IS NOT NULL OR service_user IS NOT NULL))"
)
_DAY = timedelta(days=1)
_UNREAD = "what the vault’s log says of the last two seconds has not been recorded yet"
_READ = text(
    "SELECT min(read_until) FROM log_source WHERE source = ANY (:names) HAVING count(read_until) = :number"
)
#: From the first dispatch of a run to the last confirmed end, or to the end of an attempt that has none yet.
_TIME = text(
    "SELECT min(dispatched_at) AS since, max(greatest(ended_at, revoked_at)) AS until FROM attempt"
    " WHERE run_id = :run_id HAVING count(*) > 0 AND bool_and(ended_at IS NOT NULL)"
)


class UnfitTimeError(ValueError):
    """The time to compare ends before it begins, or is too long. The text is about its beginning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What the sides show of a time or a run, and what its tokens could request and used."""

    sides: Reconciliation
    policies: Sequence[PolicyUse]


def read_until(engine: Engine, systems: Mapping[str, str]) -> datetime | None:
    """The time (UTC) to which the logs of vault and tools have been read; None before that. Raises `OperationalError`."""
    names = {VAULT_LOG, *systems.values()}
    with engine.begin() as db:
        until: datetime | None = db.execute(_READ, {"names": list(names), "number": len(names)}).scalar()
        return until


def begin_of(engine: Engine, span: timedelta, until: datetime) -> datetime:
    """The beginning of the span that ends then; later if nothing happened on any side before. Raises `OperationalError`."""
    with engine.begin() as db:
        first: datetime | None = db.execute(_FIRST).scalar_one()
    begin = until - span
    return max(begin, first) if first is not None and first < until else begin


def reconcile(engine: Engine, systems: Mapping[str, str], since: datetime, until: datetime) -> Reconciliation:
    """Compare the sides between two times (UTC). `systems` as in `SideRecords`. Raises `OperationalError`."""
    return overview_between(engine, systems, since, until).sides


def overview_between(
    engine: Engine, systems: Mapping[str, str], since: datetime, until: datetime, run_id: UUID | None = None
) -> Overview:
    """The same beside what policies grant; with `run_id`, of this run, whose time it must be."""
    agreed, sides, known = SideRecords(engine, systems).doubtful(since, until, run_id)
    used = count_used(sides, since, until) if run_id is None else len(_names(sides))
    left, unread = _without_unread(sides)
    return Overview(
        sides=Reconciliation(
            since=since,
            until=until,
            issued=agreed.issued,
            used=agreed.used + used,
            recorded=agreed.recorded,
            leftovers=left,
            missing=[*_missing(known, systems, since, until), *unproven(sides), *unread],
        ),
        policies=agreed.policies,
    )


def overview_of_time(
    engine: Engine,
    systems: Mapping[str, str],
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    longest: timedelta | None = None,
) -> Overview:
    """Compare a time (UTC); by default the day before the time to which all logs have been read.

    `systems` as in `SideRecords`. Raises `UnfitTimeError`, and `OperationalError`.
    """
    end = until or read_until(engine, systems) or datetime.now(UTC)
    begin = since or begin_of(engine, _DAY, end)
    if begin >= end:
        raise UnfitTimeError(f"must be before {end.astimezone(UTC).isoformat()}")
    if longest is not None and end - begin > longest:
        raise UnfitTimeError(f"is more than {longest.days} days before {end.astimezone(UTC).isoformat()}")
    return overview_between(engine, systems, begin, end)


def reconcile_lately(engine: Engine, systems: Mapping[str, str], span: timedelta) -> Reconciliation | None:
    """Compare the sides over the last `span` to which all logs were read; None before all have been. As `reconcile`."""
    until = read_until(engine, systems)
    return None if until is None else reconcile(engine, systems, begin_of(engine, span, until), until)


def reconcile_run(engine: Engine, systems: Mapping[str, str], run_id: UUID) -> Reconciliation | None:
    """Compare the sides of one run, over the time of its attempts; None until they have ended, and for a run without any.

    Arguments and errors as in `reconcile`. What is missing for that time is missing for the run.
    """
    overview = overview_of_run(engine, systems, run_id)
    return None if overview is None else overview.sides


def overview_of_run(engine: Engine, systems: Mapping[str, str], run_id: UUID) -> Overview | None:
    """The same beside what policies grant."""
    with engine.begin() as db:
        time = db.execute(_TIME, {"run_id": run_id}).one_or_none()
    return None if time is None else overview_between(engine, systems, time.since, time.until, run_id)


def _without_unread(sides: Sides) -> tuple[list[Leftover], list[str]]:
    """What is left over, but for records whose answer by the vault may not have been read yet; that is a premise then."""
    fresh = {each.credential_id for each in sides.recorded if each.is_fresh}
    left = leftovers(sides)
    sure = [its for its in left if its.kind != RECORDED_ONLY or its.credential_id not in fresh]
    return sure, [] if len(sure) == len(left) else [_UNREAD]


def _missing(
    known: Mapping[str, Coverage], systems: Mapping[str, str], since: datetime, until: datetime
) -> list[str]:
    """What the logs do not prove of this time, each premise once."""
    found = dict.fromkeys(
        known[source].gap(since, until) if source in known else f"{log_name(source)} is not read"
        for source in (VAULT_LOG, *sorted(systems.values()))
    )
    return [premise for premise in found if premise]


def _names(sides: Sides) -> set[str | None]:
    """What tools saw in these sides."""
    return {each.service_user or each.fingerprint for each in sides.used} - {None}


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
