"""What the watch over the vault must know of an attempt: its state, its plan, and what the log showed of it before."""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, text

from app.connections.database import one_by_one
from app.credentials.holdings import WANTED, wanted
from app.credentials.tool_record import ToolRecord
from app.credentials.vault_answer import AnswerKind, VaultEvent
from app.credentials.watch import WatchedAttempt

#: Seconds for which the log's own witness of the vault's clock counts.
_REMEMBERED = 600.0
# The sweeper's measurement only: a shifted clock of the vault could hide a theft here. The log is the second
# witness, since no line is read before its time: a proxy may state another time than the vault.
_BY_LOG = "cast(:newest AS timestamptz) - statement_timestamp()"
_VAULT_AHEAD = (
    "greatest(coalesce((SELECT max(ahead) FROM clock WHERE process = 'vault' AND reporter = 'sweeper'), 0)"  # noqa: S608  # text of this file
    f" * interval '1 s', {_BY_LOG}, cast(:seen AS interval))"
)
_ATTEMPTS = text(
    f"SELECT a.run_id, a.number, a.claimed_at IS NOT NULL AS claimed, a.ended_at + {_VAULT_AHEAD} AS ended_at,"  # noqa: S608  # text of this file
    f" {_BY_LOG} AS by_log, a.login_request_id,"
    " (SELECT array_agg(s.tool) FILTER (WHERE s.needed) FROM step AS s"
    "  WHERE s.run_id = a.run_id AND s.attempt = a.number) AS tools,"
    " (SELECT array_agg(c.request_id) FROM credential AS c"
    "  WHERE c.run_id = a.run_id AND c.attempt = a.number) AS requests,"
    " EXISTS (SELECT FROM step AS s WHERE s.run_id = a.run_id AND s.attempt = a.number) AS is_planned"
    f" FROM {WANTED} JOIN attempt AS a ON a.run_id = w.run_id AND a.number = w.number"
)
_EARLIER = text(
    "SELECT e.run_id, e.attempt, e.kind, e.path"  # noqa: S608  # text of this file
    f" FROM {WANTED} JOIN vault_event AS e ON e.run_id = w.run_id AND e.attempt = w.number"
    " WHERE e.number < :first AND e.kind IN ('logged-in', 'issued')"
)


class WatchedAttempts:
    """Reads the attempts that events are about."""

    def __init__(self, engine: Engine, tools: Iterable[ToolRecord]) -> None:
        """`tools`: of the workers whose attempts are watched."""
        self._engine = one_by_one(engine)
        self._paths = {tool.name: tool.credential.path for tool in tools}
        #: How far the vault's clock is ahead at least, by the log, and when that was seen.
        self._seen: tuple[timedelta, float] | None = None

    def of(self, events: Sequence[VaultEvent], *, first: int) -> dict[tuple[UUID, int], WatchedAttempt]:
        """By run and number, with times by the vault's clock; what does not exist is missing.

        `first`: the number of the first of these events.
        """
        named = {(event.run_id, event.attempt) for event in events if event.run_id and event.attempt}
        if not named:
            return {}
        newest = max(event.at for event in events)
        parameters: dict[str, object] = {**wanted(named), "newest": newest, "seen": self._ahead_at_least()}
        with self._engine.begin() as db:
            rows = db.execute(_ATTEMPTS, parameters).all()
            found = {
                (row.run_id, row.number): WatchedAttempt(
                    claimed=row.claimed,
                    ended_at=row.ended_at,
                    planned_paths=frozenset(self._paths.get(tool, "") for tool in row.tools or ())
                    if row.is_planned
                    else None,
                    recorded=frozenset(filter(None, [row.login_request_id, *(row.requests or ())])),
                )
                for row in rows
            }
            if rows:
                self._note(rows[0].by_log)
            for row in db.execute(_EARLIER, parameters | {"first": first}):
                attempt = found.get((row.run_id, row.attempt))
                if attempt is not None and row.kind == AnswerKind.LOGGED_IN:
                    attempt.logins += 1
                elif attempt is not None:
                    attempt.issued_paths.add(row.path)
        return found

    def _ahead_at_least(self) -> timedelta | None:
        if self._seen is None or time.monotonic() - self._seen[1] > _REMEMBERED:
            return None
        return self._seen[0]

    def _note(self, by_log: timedelta) -> None:
        """Remember the latest line that was read soonest: a backlog says nothing about the clock."""
        known = self._ahead_at_least()
        if known is None or by_log >= known:
            self._seen = by_log, time.monotonic()
