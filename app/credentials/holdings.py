"""What an ended attempt holds in the vault, by the vault's own log and by the record of its worker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

#: Stands for the run of an identity that names none.
NO_RUN = UUID(int=0)
#: The attempts of a question, as a table `w`; `wanted` gives its parameters.
WANTED = "unnest(cast(:runs AS uuid[]), cast(:numbers AS integer[])) AS w (run_id, number)"
_EVENT = (
    "'event' AS source, e.request_id, e.kind, e.token_accessor, e.accessor, e.secret_id_accessor,"
    " NULL AS wrapping_accessor, e.lease_id, e.service_user"
)
#: What the vault's log and the records of dispatcher and worker say of each attempt, a row for each event, attempt and
#: credential.
_HELD = text(
    f"SELECT w.run_id, w.number, {_EVENT} FROM {WANTED}"  # noqa: S608  # text of this file
    " JOIN vault_event AS e ON e.run_id = w.run_id AND coalesce(e.attempt, 0) = w.number"
    " UNION ALL SELECT w.run_id, w.number, 'attempt', NULL, NULL, NULL, a.token_accessor, a.secret_id_accessor,"
    f" a.wrapping_accessor, NULL, NULL FROM {WANTED} JOIN attempt AS a ON a.run_id = w.run_id AND a.number = w.number"
    " UNION ALL SELECT w.run_id, w.number, 'credential', NULL, NULL, NULL, c.accessor, NULL, NULL, c.lease_id,"
    f" c.service_user FROM {WANTED} JOIN credential AS c ON c.run_id = w.run_id AND c.attempt = w.number"
)
_HELD_WITHOUT_RUN = text(
    f"SELECT {_EVENT} FROM vault_event AS e WHERE run_id IS NULL AND ended_at IS NULL"  # noqa: S608  # text of this file
)


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that has ended, or one that never existed though an identity names it."""

    run_id: UUID
    number: int


@dataclass(slots=True)
class Holdings:
    """What an attempt holds in the vault, by accessor, lease and user of a database.

    The first group is from the vault's own log. `claimed_*` is only in the worker's record, which may name what belongs
    to others. `request_ids` are the events of the log that this rests on.
    """

    ended: EndedAttempt
    secret_ids: set[str] = field(default_factory=set)
    wrapping_tokens: set[str] = field(default_factory=set)
    run_tokens: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    leases: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    claimed_tokens: set[str] = field(default_factory=set)
    claimed_leases: set[str] = field(default_factory=set)
    claimed_users: set[str] = field(default_factory=set)
    request_ids: list[str] = field(default_factory=list)
    self_revoked: set[str] = field(default_factory=set)
    """Run tokens that ended themselves, by the log."""

    @property
    def ended_itself(self) -> bool:
        """Whether the log shows that a run token ended itself."""
        return bool(self.self_revoked)

    @property
    def can_get_no_more(self) -> bool:
        """Whether the log shows that every SecretID was used, and every run token has ended itself."""
        return len(self.secret_ids) <= len(self.run_tokens) and self.run_tokens <= self.self_revoked

    def add(self, row: Row[Any]) -> None:
        """Add what one source says: an `event` of the log, or the record of an `attempt` or `credential`."""
        match row.source:
            case "event":
                self._add_event(row)
            case "attempt":
                self._add_attempt(row)
            case "credential":
                self._add_credential(row)

    def _add_event(self, event: Row[Any]) -> None:
        self.request_ids.append(event.request_id)
        match event.kind:
            case "minted":
                self.secret_ids |= _known(event.secret_id_accessor)
                self.wrapping_tokens |= _known(event.accessor)
            case "logged-in":
                self.run_tokens |= _known(event.accessor)
            case "issued":
                self.keys |= _known(event.accessor)
                self.leases |= _known(event.lease_id)
                self.users |= _known(event.service_user)
            case "revoked":
                self.self_revoked |= _known(event.token_accessor)

    def _add_attempt(self, attempt: Row[Any]) -> None:
        """What the dispatcher recorded of the identity, and the worker as far as the log does not show it."""
        self.secret_ids |= _known(attempt.secret_id_accessor)
        self.wrapping_tokens |= _known(attempt.wrapping_accessor)
        self.claimed_tokens |= _known(attempt.accessor) - self.run_tokens

    def _add_credential(self, credential: Row[Any]) -> None:
        """What the worker recorded of a credential, as far as the log does not show it."""
        self.claimed_tokens |= _known(credential.accessor) - self.keys
        self.claimed_leases |= _known(credential.lease_id) - self.leases
        self.claimed_users |= _known(credential.service_user) - self.users


def _known(text: str | None) -> set[str]:
    return {text} if text else set()


def holdings_of(db: Connection, attempts: Sequence[EndedAttempt]) -> list[Holdings]:
    """What these attempts hold, in the same order, by the vault's log as far as it was read, and by the records."""
    found = {attempt: Holdings(attempt) for attempt in attempts}
    parameters = wanted((attempt.run_id, attempt.number) for attempt in attempts)
    rows = [(EndedAttempt(row.run_id, row.number), row) for row in db.execute(_HELD, parameters)]
    if (nobody := EndedAttempt(NO_RUN, 0)) in found:
        rows += [(nobody, row) for row in db.execute(_HELD_WITHOUT_RUN)]
    # What the log shows comes first: the rest is only what it does not show.
    for attempt, row in sorted(rows, key=lambda each: each[1].source != "event"):
        found[attempt].add(row)
    return list(found.values())


def wanted(attempts: Iterable[tuple[UUID, int]]) -> dict[str, list[UUID] | list[int]]:
    """The parameters of `WANTED`, for attempts given by run and number."""
    pairs = list(attempts)
    return {"runs": [run for run, _ in pairs], "numbers": [number for _, number in pairs]}
