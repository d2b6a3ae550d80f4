"""The three sides beside what policies grant, for a time or for one run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from app.reconciliation.policy_uses import PolicyUse, policy_uses, policy_uses_of_run
from app.reconciliation.report import begin_of, read_until, reconcile, reconcile_run
from app.reconciliation.verdict import Reconciliation

_DAY = timedelta(days=1)


class UnfitTimeError(ValueError):
    """The time to compare ends before it begins, or is too long. The text is about its beginning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What the sides show of a time or a run, and what its tokens could request and used."""

    sides: Reconciliation
    policies: Sequence[PolicyUse]


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
    return Overview(
        sides=reconcile(engine, systems, begin, end), policies=policy_uses(engine, systems, begin, end)
    )


def overview_of_run(engine: Engine, systems: Mapping[str, str], run_id: UUID) -> Overview | None:
    """Compare one run; None until its attempts have ended, and for a run without any. Errors as above."""
    sides = reconcile_run(engine, systems, run_id)
    if sides is None:
        return None
    return Overview(sides=sides, policies=policy_uses_of_run(engine, systems, run_id))
