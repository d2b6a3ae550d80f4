"""Records of the sweeper: which attempts have ended without a confirmed end, and what they hold in the vault."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, func, select, text, tuple_

from app.credentials.tables import (
    AttemptEndRow,
    AttemptRow,
    CredentialRow,
    EndedBy,
    VaultEventRow,
    table_of,
)

ATTEMPT, CREDENTIAL, EVENT = table_of(AttemptRow), table_of(CredentialRow), table_of(VaultEventRow)
ATTEMPT_END = table_of(AttemptEndRow)
#: Stands for the run of an identity that names none.
NO_RUN = UUID(int=0)
#: Attempts whose ends are confirmed together.
_TOGETHER = 32
_REVOKE_SELF = "auth/token/revoke-self"


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
    ended_itself: bool = False
    """Whether the log shows that the run token ended itself."""

    def add_event(self, event: Row[Any]) -> None:
        """Add one answer of the vault."""
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
                self.ended_itself |= event.path == _REVOKE_SELF

    def add_record(self, accessors: Iterable[str | None], lease: str | None, user: str | None) -> None:
        """Add what the worker recorded, as far as the log does not show it."""
        self.claimed_tokens |= _known(*accessors) - self.run_tokens - self.keys
        self.claimed_leases |= _known(lease) - self.leases
        self.claimed_users |= _known(user) - self.users


class EndRecords:
    """The database as the sweeper uses it. Every change is a function there, with the database's own time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def end_stopped(self) -> UUID | None:
        """Let one run fail that is to be stopped, and its open attempt with it; its id, None if there is none.

        From then on the attempt can store nothing.
        """
        with self._engine.begin() as db:
            run_id: UUID | None = db.scalar(text("SELECT end_stopped()"))
            return run_id

    def lose_attempts(self) -> list[EndedAttempt]:
        """Let all attempts be lost that did not report before their lease ran out."""
        with self._engine.begin() as db:
            return [EndedAttempt(*row) for row in db.execute(text("SELECT * FROM lose_attempts()"))]

    def end_attempt(self, run_id: UUID, number: int, reason: str) -> bool:
        """Let an open attempt fail; False if it had ended before."""
        with self._engine.begin() as db:
            return bool(
                db.scalar(
                    text("SELECT end_attempt(:run, :number, :reason)"),
                    {"run": run_id, "number": number, "reason": reason},
                )
            )

    def requeue_ended(self) -> list[UUID]:
        """Queue the runs again whose newest attempt came to nothing and is confirmed to hold nothing any more.

        They do not wait longer than 10 s for that.
        """
        with self._engine.begin() as db:
            return list(db.scalars(text("SELECT requeue_ended()")))

    def alarm(self, kind: str, detail: str, *, run_id: UUID | None = None, number: int | None = None) -> bool:
        """Raise an alarm for the security operator; False if the same one was raised before."""
        with self._engine.begin() as db:
            return bool(
                db.scalar(
                    text("SELECT alarm_once(:kind, :detail, :run, :number)"),
                    {"kind": kind, "detail": detail, "run": run_id, "number": number},
                )
            )

    def due(self, *, tried_before: bool) -> list[EndedAttempt]:
        """Ended attempts that are to be confirmed now: for the first time, or those where that has failed before."""
        with self._engine.begin() as db:
            rows = db.execute(
                text("SELECT * FROM due_ends(:tried_before, :most)"),
                {"tried_before": tried_before, "most": _TOGETHER},
            )
            return [EndedAttempt(*row) for row in rows]

    def holdings(self, attempts: Collection[EndedAttempt]) -> list[Holdings]:
        """What these attempts hold, in the same order, by the vault's log as far as it was read, and by the records."""
        found = {attempt: Holdings(attempt) for attempt in attempts}
        keys = [(attempt.run_id, attempt.number) for attempt in attempts]
        with self._engine.begin() as db:
            for event in _events(db, keys):
                found[EndedAttempt(event.run_id, event.attempt)].add_event(event)
            for row in db.execute(
                select(
                    *(ATTEMPT.c.run_id, ATTEMPT.c.number, ATTEMPT.c.token_accessor),
                    *(ATTEMPT.c.secret_id_accessor, ATTEMPT.c.wrapping_accessor),
                ).where(tuple_(ATTEMPT.c.run_id, ATTEMPT.c.number).in_(keys))
            ):
                held = found[EndedAttempt(row.run_id, row.number)]
                held.secret_ids |= _known(row.secret_id_accessor)
                held.wrapping_tokens |= _known(row.wrapping_accessor)
                held.add_record([row.token_accessor], None, None)
            for row in db.execute(
                select(
                    *(CREDENTIAL.c.run_id, CREDENTIAL.c.attempt, CREDENTIAL.c.accessor),
                    *(CREDENTIAL.c.lease_id, CREDENTIAL.c.service_user),
                ).where(tuple_(CREDENTIAL.c.run_id, CREDENTIAL.c.attempt).in_(keys))
            ):
                held = found[EndedAttempt(row.run_id, row.attempt)]
                held.add_record([row.accessor], row.lease_id, row.service_user)
        return list(found.values())

    def confirm(self, confirmed: Iterable[Holdings]) -> None:
        """Record that everything these attempts held is dead."""
        with self._engine.begin() as db:
            for held in confirmed:
                db.execute(
                    text("SELECT confirm_end(:run, :number, :by, :events)"),
                    {
                        "run": held.ended.run_id,
                        "number": held.ended.number,
                        "by": EndedBy.RUN_END if held.ended_itself else EndedBy.SWEEPER,
                        "events": held.request_ids,
                    },
                )

    def note_problem(self, attempt: EndedAttempt, problem: str) -> None:
        """Record why an end could not be confirmed; it is tried again, later each time, and after a minute an alarm."""
        with self._engine.begin() as db:
            db.execute(
                text("SELECT note_end_problem(:run, :number, :problem)"),
                {"run": attempt.run_id, "number": attempt.number, "problem": problem},
            )

    def problem(self) -> str | None:
        """Why the oldest unconfirmed end is not confirmed; None if there is none."""
        with self._engine.begin() as db:
            problem: str | None = db.scalar(
                select(ATTEMPT_END.c.problem).order_by(ATTEMPT_END.c.since).limit(1)
            )
            return problem

    def has_lease(self, users: Sequence[str]) -> dict[str, str]:
        """By user of a database, the lease that the vault's log names for it; those without one are missing."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(EVENT.c.service_user, EVENT.c.lease_id).where(
                    EVENT.c.service_user.in_(users), EVENT.c.lease_id.is_not(None)
                )
            )
            return {row.service_user: row.lease_id for row in rows}


def _events(db: Connection, keys: Sequence[tuple[UUID, int]]) -> Iterable[Row[Any]]:
    run_id = func.coalesce(EVENT.c.run_id, NO_RUN).label("run_id")
    attempt = func.coalesce(EVENT.c.attempt, 0).label("attempt")
    columns = (EVENT.c.request_id, EVENT.c.kind, EVENT.c.path, EVENT.c.accessor, EVENT.c.secret_id_accessor)
    chosen = tuple_(EVENT.c.run_id, func.coalesce(EVENT.c.attempt, 0)).in_(keys)
    if (NO_RUN, 0) in keys:
        chosen |= EVENT.c.run_id.is_(None) & EVENT.c.ended_at.is_(None)
    return db.execute(select(*columns, EVENT.c.lease_id, EVENT.c.service_user, run_id, attempt).where(chosen))


def _known(*texts: str | None) -> set[str]:
    return {each for each in texts if each}
