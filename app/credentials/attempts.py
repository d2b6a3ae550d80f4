"""Records of an agent worker: its attempt, the lineage as it happens, the result at the end.

The worker's login can read and write no table. It calls functions of the database, which record for an attempt that is
running, and only for who holds the message of that attempt.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import psycopg
from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.connections.compatibility import IncompatibleError
from app.connections.database import columns, one_by_one
from app.connections.database_trouble import trouble
from app.credentials.lineage import CredentialDenial, IssuedCredential, RunIdentity, ToolCall
from app.credentials.plan import PlannedStep
from app.credentials.proof import ARGUMENTS, HeldAttempt, digest_of
from app.credentials.tables import AttemptState

Job = TypeVar("Job")
#: Classes of SQLSTATE: a transaction that may only read, as of a standby, and a statement beyond the server's limits.
_READ_ONLY, _TOO_MUCH = "25", "54"


class SupersededError(Exception):
    """The database refused a record: the attempt has ended, or its message is in other hands."""


class RecordsUnavailableError(Exception):
    """The database cannot record now; the text says why. Whether it recorded the last thing is not known."""


_ROWS = TypeAdapter(Any)
_CLAIM = text(f"SELECT claim_attempt({ARGUMENTS}, :hold, :worker, :lease)")
_LOGIN = text(f"SELECT record_login({ARGUMENTS}, cast(:login AS jsonb), cast(:plan AS jsonb))")
_CREDENTIALS = text(
    f"SELECT record_credentials({ARGUMENTS}, cast(:credentials AS jsonb), cast(:denials AS jsonb))"
)
_CALLS = text(
    f"SELECT record_calls({ARGUMENTS}, cast(:calls AS jsonb), cast(:answered AS uuid[]), cast(:answers AS bytea[]),"
    " cast(:outcomes AS jsonb))"
)
_FAIL = text(f"SELECT fail_attempt({ARGUMENTS}, :state, :reason)")
_ALARM = text(
    "SELECT raise_alarm(:kind, :detail, cast(:run AS uuid), cast(:number AS integer), cast(:proof AS bytea))"
)


class AttemptRecords:
    """The records of attempts, for one worker process.

    A record that is refused raises `SupersededError`, and `RecordsUnavailableError` while the database is away.
    """

    def __init__(self, engine: Engine, *, lease: timedelta) -> None:
        self._engine = engine
        self._one_by_one = one_by_one(engine)
        self._lease = lease

    def claim(
        self,
        message: HeldAttempt,
        held: HeldAttempt,
        *,
        worker: str,
        load: Callable[[Connection, HeldAttempt, str], Job],
    ) -> tuple[HeldAttempt, Job] | None:
        """Take the attempt to work on, and load its job; None when it is not waiting (seen twice, or swept).

        None also when this worker is switched off: then the run waits for another one.

        `held` is the same attempt with a proof of its own. From now on that of the message counts no more.
        """
        claim = {
            "hold": digest_of(held.proof),
            "worker": worker,
            "lease": self._lease.total_seconds(),
        }
        with _fenced(self._engine) as db:
            job_id = db.execute(_CLAIM, message.parameters() | claim).scalar_one()
            return None if job_id is None else (held, load(db, held, job_id))

    def identified(self, held: HeldAttempt, identity: RunIdentity, plan: Sequence[PlannedStep]) -> None:
        """Record the login and the plan."""
        login, steps = to_json(columns(identity)), to_json([columns(step) for step in plan])
        self._record(_LOGIN, held, login=login, plan=steps)

    def issued(
        self,
        held: HeldAttempt,
        *,
        credentials: Sequence[IssuedCredential],
        denials: Sequence[CredentialDenial],
    ) -> None:
        """Record the credentials before their first use, and the denials by policy."""
        self._record(
            _CREDENTIALS,
            held,
            credentials=to_json([columns(credential) for credential in credentials]),
            denials=to_json([columns(denial) for denial in denials]),
        )

    def called(self, held: HeldAttempt, steps: Sequence[tuple[str, str, Sequence[ToolCall]]]) -> None:
        """Record each step's tool, how it ended, and its calls."""
        calls = [columns(call) for _, _, calls_made in steps for call in calls_made]
        answers = {call["call_id"]: body for call in calls if (body := call.pop("answer"))}
        self._record(
            _CALLS,
            held,
            calls=to_json(calls),
            answered=list(answers),
            answers=list(answers.values()),
            outcomes=to_json([{"tool": tool, "outcome": outcome} for tool, outcome, _ in steps]),
        )

    def finished(self, *, store: Callable[[Connection], None]) -> None:
        """End the attempt with a result. `store` calls the domain's function, which stores it and ends the attempt."""
        with _fenced(self._one_by_one) as db:
            store(db)

    def failed(self, held: HeldAttempt, *, reason: str) -> None:
        """End the attempt without a result; the run is queued again, or fails after its last attempt."""
        self._end(held, AttemptState.FAILED, reason)

    def postponed(self, held: HeldAttempt, *, reason: str) -> None:
        """End the attempt because vault or database cannot answer; the run waits and says so."""
        self._end(held, AttemptState.POSTPONED, reason)

    def _end(self, held: HeldAttempt, state: AttemptState, reason: str) -> None:
        # If it was swept meanwhile, the sweeper has decided how the run goes on.
        with suppress(SupersededError):
            self._record(_FAIL, held, state=state, reason=reason)

    def alarm(self, held: HeldAttempt, *, kind: str, detail: str) -> None:
        """Raise an alarm about this attempt for the security operator."""
        self._record(_ALARM, held, kind=kind, detail=detail)

    def alarm_about_message(self, detail: str) -> None:
        """Raise an alarm about a message that is of no attempt."""
        alarm_about_message(self._engine, detail)

    def _record(self, statement: TextClause, held: HeldAttempt, **values: Any) -> None:
        with _fenced(self._one_by_one) as db:
            db.execute(statement, held.parameters() | values)


def alarm_about_message(engine: Engine, detail: str) -> bool:
    """Raise an alarm about a message that is of no attempt; False when thirty were raised within a minute."""
    with engine.begin() as db:
        nothing = {"run": None, "number": None, "proof": None}
        return bool(db.scalar(_ALARM, {"kind": "unknown message", "detail": detail, **nothing}))


def to_json(rows: Any) -> str:
    """Rows as one parameter of a function of the database: dates, identifiers and decimals become texts."""
    return _ROWS.dump_json(rows).decode()


@contextmanager
def _fenced(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as db:
            yield db
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise SupersededError(error.orig.diag.message_primary) from None
        raise
    except (DBAPIError, PoolTimeoutError, IncompatibleError) as error:
        if not _is_away(error):
            raise
        reason = str(error) if isinstance(error, IncompatibleError) else trouble(error)
        raise RecordsUnavailableError(reason) from None


def _is_away(error: DBAPIError | PoolTimeoutError | IncompatibleError) -> bool:
    """Whether the database is at fault, and not what it was given."""
    if not isinstance(error, DBAPIError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    if not state:  # not from PostgreSQL: what came over the wire, unless psycopg refused what it was given
        return not isinstance(error, DataError | NotSupportedError)
    if isinstance(error, InternalError):
        return bool(state.startswith(_READ_ONLY))
    return isinstance(error, OperationalError | InterfaceError) and not state.startswith(_TOO_MUCH)
