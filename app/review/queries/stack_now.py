"""What operators look after at one moment: runs, credentials, refusals, logs and workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, literal_column, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import (
    HeartbeatRow,
    RunRow,
)
from app.credentials.vault_answer import AnswerKind
from app.credentials.vault_tables import VaultEventRow
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.tables import LogSourceRow
from app.review.queries import credential_list, queue_state
from app.review.queries.credential_list import AliveOfTool
from app.review.queries.queue_state import UnconfirmedEnds
from app.review.queries.workers_now import AtWork, last_orders, workers

#: How far back issues and refusals are counted.
LATELY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """The stack at one moment. `issued` and the refusals are those of the last hour.

    `alive` are credentials without a known end by tool, `issued` what the vault's log shows by tool. `denied` are
    requests of runs that it shows as refused, `refused_logins` sign-ins. `read_until` is the time to which every log has been
    read; None if one never was.
    """

    now: datetime
    oldest_waiting: RunRow | None
    alive: Mapping[str, AliveOfTool]
    issued: Mapping[str, int]
    denied: int
    refused_logins: int
    read_until: datetime | None
    workers: Sequence[AtWork]
    unconfirmed: UnconfirmedEnds
    heartbeats: Sequence[HeartbeatRow]

    @property
    def credentials_alive(self) -> int:
        """How many credentials have no known end."""
        return sum(each.number for each in self.alive.values())


def _written(value: str) -> ColumnElement[str]:
    """Written out, so that PostgreSQL sees that a partial index is about it."""
    return literal_column(f"'{value}'")


_SINCE: BindParameter[datetime] = bindparam("since")
_ISSUED = (
    select(col(VaultEventRow.path), func.count())
    .where(col(VaultEventRow.kind) == AnswerKind.ISSUED.value, col(VaultEventRow.at) > _SINCE)
    .group_by(col(VaultEventRow.path))
)
_REFUSED = (
    select(col(VaultEventRow.kind), func.count())
    .where(
        col(VaultEventRow.kind).in_([_written(AnswerKind.DENIED), _written(AnswerKind.LOGIN_REFUSED)]),
        col(VaultEventRow.at) > _SINCE,
    )
    .group_by(col(VaultEventRow.kind))
)
_READ = select(
    func.min(col(LogSourceRow.read_until)), func.count() - func.count(col(LogSourceRow.read_until))
)


def stack_now(db: Session, now: datetime) -> Stack:
    """The stack at the time `now` (UTC), in a constant number of queries."""
    since = {"since": now - LATELY}
    refused = {kind: number for kind, number in db.execute(_REFUSED, since)}  # noqa: C416  # typed rows, not pairs
    read_until, never_read = db.execute(_READ).one()
    return Stack(
        now=now,
        oldest_waiting=queue_state.oldest_waiting(db),
        alive={each.tool: each for each in credential_list.alive_by_tool(db, now)},
        issued={
            ISSUING_PATHS[path]: number
            for path, number in db.execute(_ISSUED, since)
            if path in ISSUING_PATHS
        },
        denied=refused.get(AnswerKind.DENIED, 0),
        refused_logins=refused.get(AnswerKind.LOGIN_REFUSED, 0),
        read_until=None if never_read else read_until,
        workers=[each for each in workers(db, now, last_orders(db)) if each.is_seen],
        unconfirmed=queue_state.unconfirmed_ends(db),
        heartbeats=queue_state.heartbeats(db),
    )
