"""Numbers for each Eastern day of the charts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, bindparam, case, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.credentials.tables import CredentialRow, RunRow
from app.procurement.federal_time import eastern_midnight
from app.store.tables import FlagRow

#: How long after a day its rows may still arrive: their transactions begin on it, and none lasts nearly so long.
_SETTLED = timedelta(hours=1)
_SETTLING = ("raised", "runs", "credentials")
_TIMES: Any = ARRAY(DateTime(timezone=True))
_DAY: Any = (
    func.unnest(
        bindparam("begins", type_=_TIMES),
        bindparam("ends", type_=_TIMES),
        bindparam("new", type_=ARRAY(Boolean)),
    )
    .table_valued("begins", "ends", "new", with_ordinality="place", name="day")
    .render_derived()
)
_ANSWER = aliased(FlagRow)
#: The same closing was recorded on an earlier flag of the action.
_AGAIN = col(FlagRow.answered_by).is_not(None) & exists().where(
    col(_ANSWER.flag_id) == col(FlagRow.answered_by),
    col(_ANSWER.action_id) == col(FlagRow.action_id),
    col(_ANSWER.status) == literal_column("'closed'"),
)


def _counted(moment: Any, *tests: ColumnElement[bool]) -> Any:
    # One index range per day: grouping every row by its day takes five times as long.
    within = (moment >= _DAY.c.begins, moment < _DAY.c.ends)
    return select(func.count()).where(*within, *tests).correlate(_DAY).scalar_subquery()


def _new(moment: Any, *tests: ColumnElement[bool]) -> Any:
    return case((_DAY.c.new, _counted(moment, *tests)))


_NUMBERS = (
    select(
        _new(col(FlagRow.raised_at), col(FlagRow.previous).is_(None)).label("raised"),
        _counted(col(FlagRow.decided_at), col(FlagRow.status) == literal_column("'closed'"), ~_AGAIN).label(
            "closed"
        ),
        _new(col(RunRow.requested_at)).label("runs"),
        _new(col(CredentialRow.issued_at)).label("credentials"),
    )
    .select_from(_DAY)
    .order_by(_DAY.c.place)
)


class DayNumbers:
    """Counts by day. What was raised, requested and issued on a day that is over no longer changes, so it is counted once.

    What was closed changes when a flag is decided again.
    """

    def __init__(self) -> None:
        self._settled: Mapping[date, Mapping[str, int]] = {}

    def of(self, db: Session, days: Sequence[date], now: datetime) -> dict[str, list[int]]:
        """Numbers for each of these days: flags `raised` and `closed`, `runs` and `credentials`."""
        settled = self._settled
        ends = [eastern_midnight(day + timedelta(days=1)) for day in days]
        values = {
            "begins": [eastern_midnight(day) for day in days],
            "ends": ends,
            "new": [day not in settled for day in days],
        }
        rows = zip(days, db.execute(_NUMBERS, values).mappings(), strict=True)
        numbers = {day: {**row, **settled.get(day, {})} for day, row in rows}
        self._settled = {
            day: {name: numbers[day][name] for name in _SETTLING}
            for day, end in zip(days, ends, strict=True)
            if end + _SETTLED <= now
        }
        return {name: [each[name] for each in numbers.values()] for name in (*_SETTLING, "closed")}
