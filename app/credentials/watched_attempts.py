"""What the watch over the vault must know of an attempt: its state, its plan, and what the log showed of it before."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Engine, text

from app.credentials.ends import WANTED, wanted
from app.credentials.tool_record import ToolRecord
from app.credentials.vault_answer import AnswerKind, VaultEvent
from app.credentials.watch import WatchedAttempt

# The sweeper's measurement only: whoever could shift the vault's clock here could hide a theft. The log is the second
# witness, since no line is read before its time: a proxy may state another time than the vault.
_VAULT_AHEAD = (
    "greatest(coalesce((SELECT max(ahead) FROM clock WHERE process = 'vault' AND reporter = 'sweeper'), 0)"
    " * interval '1 s', :newest - statement_timestamp())"
)
_ATTEMPTS = text(
    f"SELECT a.run_id, a.number, a.claimed_at IS NOT NULL AS claimed, a.ended_at + {_VAULT_AHEAD} AS ended_at,"  # noqa: S608  # text of this file
    " a.login_request_id,"
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
        self._engine = engine
        self._paths = {tool.name: tool.credential.path for tool in tools}

    def of(self, events: Sequence[VaultEvent], *, first: int) -> dict[tuple[UUID, int], WatchedAttempt]:
        """By run and number, with times by the vault's clock; what does not exist is missing.

        `first`: the number of the first of these events.
        """
        named = {(event.run_id, event.attempt) for event in events if event.run_id and event.attempt}
        if not named:
            return {}
        parameters: dict[str, object] = {**wanted(named), "newest": max(event.at for event in events)}
        with self._engine.begin() as db:
            found = {
                (row.run_id, row.number): WatchedAttempt(
                    claimed=row.claimed,
                    ended_at=row.ended_at,
                    planned_paths=frozenset(self._paths.get(tool, "") for tool in row.tools or ())
                    if row.is_planned
                    else None,
                    recorded=frozenset(filter(None, [row.login_request_id, *(row.requests or ())])),
                )
                for row in db.execute(_ATTEMPTS, parameters)
            }
            for row in db.execute(_EARLIER, parameters | {"first": first}):
                attempt = found.get((row.run_id, row.attempt))
                if attempt is not None and row.kind == AnswerKind.LOGGED_IN:
                    attempt.logins += 1
                elif attempt is not None:
                    attempt.issued_paths.add(row.path)
        return found
