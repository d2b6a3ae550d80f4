"""Records of an agent worker: its attempt, the lineage as it happens, the result at the end.

Credentials are recorded unconditionally: what was issued was issued. Results are fenced: only the attempt that is
still `running` may store them.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, select, update

from app.connections.database import columns, insert_many
from app.credentials.lineage import CredentialDenial, IssuedCredential, RunIdentity, ToolCall
from app.credentials.plan import PlannedStep
from app.credentials.run_ends import requeue
from app.credentials.tables import (
    CHANNEL,
    AlarmRow,
    AnswerRow,
    AttemptRow,
    AttemptState,
    CallRow,
    CredentialRow,
    DenialRow,
    RunRow,
    RunState,
    StepRow,
    table_of,
)

Job = TypeVar("Job")


class SupersededError(Exception):
    """The attempt is no longer the one that may write: it was swept, or finished elsewhere."""


ATTEMPT, RUN, CREDENTIAL = table_of(AttemptRow), table_of(RunRow), table_of(CredentialRow)
CALL, STEP = table_of(CallRow), table_of(StepRow)


class AttemptRecords:
    """The records of attempts, for one worker process."""

    def __init__(self, engine: Engine, *, lease: timedelta, max_attempts: int) -> None:
        self._engine = engine
        self._lease = lease
        self._max_attempts = max_attempts

    def claim(
        self, run_id: UUID, attempt: int, *, worker: str, load: Callable[[Connection, str], Job]
    ) -> Job | None:
        """Take the attempt to work on, and load its job; None when it is not waiting (seen twice, or swept)."""
        now = datetime.now(UTC)
        with self._engine.begin() as db:
            claimed = db.execute(
                update(ATTEMPT)
                .where(_is(run_id, attempt, AttemptState.DISPATCHED))
                .values(
                    state=AttemptState.RUNNING, worker=worker, claimed_at=now, lease_until=now + self._lease
                )
            )
            if claimed.rowcount == 0:
                return None
            started = (
                update(RUN)
                .where(RUN.c.run_id == run_id)
                .values(started_at=func.coalesce(RUN.c.started_at, now))
                .returning(RUN.c.job_id)
            )
            return load(db, db.execute(started).scalar_one())

    def identified(self, identity: RunIdentity, plan: Sequence[PlannedStep]) -> None:
        """Record the login, so that the sweeper can end it, and the plan. Raises `SupersededError`."""
        with self._engine.begin() as db:
            self._still_ours(
                db,
                identity.run_id,
                identity.attempt,
                entity_id=identity.entity_id,
                policy=identity.policy,
                login_request_id=identity.login_request_id,
                token_accessor=identity.token_accessor,
                token_issued_at=identity.issued_at,
                token_expires_at=identity.expires_at,
            )
            mine = {"run_id": identity.run_id, "attempt": identity.attempt}
            db.execute(insert(STEP), [{**_step_row(step), **mine} for step in plan])

    def issued(
        self,
        identity: RunIdentity,
        *,
        credentials: Sequence[IssuedCredential],
        denials: Sequence[CredentialDenial],
    ) -> None:
        """Record the credentials before their first use, and the denials by policy."""
        mine = {"run_id": identity.run_id, "attempt": identity.attempt}
        refused = [{"denial_id": uuid4(), **mine, **columns(denial)} for denial in denials]
        with self._engine.begin() as db:
            insert_many(db, CREDENTIAL, [{**columns(credential), **mine} for credential in credentials])
            insert_many(db, table_of(DenialRow), refused)

    def called(self, identity: RunIdentity, steps: Sequence[tuple[str, str, Sequence[ToolCall]]]) -> None:
        """Record each step's tool, how it ended, and its calls."""
        mine = {"run_id": identity.run_id, "attempt": identity.attempt}
        calls = [{**columns(call), **mine} for _, _, calls_made in steps for call in calls_made]
        answers = [
            {"call_id": call["call_id"], "body": body} for call in calls if (body := call.pop("answer"))
        ]
        ended = [{"its_tool": tool, "its_outcome": outcome[:500]} for tool, outcome, _ in steps]
        with self._engine.begin() as db:
            insert_many(db, CALL, calls)
            insert_many(db, table_of(AnswerRow), answers)
            if not ended:
                return
            db.execute(
                update(STEP)
                .where(
                    STEP.c.run_id == identity.run_id,
                    STEP.c.attempt == identity.attempt,
                    STEP.c.tool == bindparam("its_tool"),
                )
                .values(outcome=bindparam("its_outcome")),
                ended,
            )

    def finished(
        self,
        run_id: UUID,
        attempt: int,
        *,
        store: Callable[[Connection, datetime], None],
    ) -> None:
        """End the attempt with a result. `store` inserts it in the same transaction, with the time given (UTC).

        Raises `SupersededError`.
        """
        now = datetime.now(UTC)
        with self._engine.begin() as db:
            self._still_ours(db, run_id, attempt, state=AttemptState.FINISHED, ended_at=now)
            db.execute(
                update(RUN)
                .where(RUN.c.run_id == run_id)
                .values(state=RunState.COMPLETED, finished_at=now, waiting_reason=None)
            )
            db.execute(select(func.pg_notify(CHANNEL, "")))  # A place in the dispatch window is free.
            store(db, now)

    def failed(self, run_id: UUID, attempt: int, *, reason: str) -> None:
        """End the attempt without a result; the run is queued again, or fails after its last attempt."""
        self._end(run_id, attempt, AttemptState.FAILED, reason)

    def postponed(self, run_id: UUID, attempt: int, *, reason: str) -> None:
        """End the attempt because the vault cannot answer; the run waits and says so."""
        self._end(run_id, attempt, AttemptState.POSTPONED, reason)

    def _end(self, run_id: UUID, attempt: int, state: AttemptState, reason: str) -> None:
        with self._engine.begin() as db:
            try:
                self._still_ours(db, run_id, attempt, state=state, ended_at=datetime.now(UTC), failure=reason)
            except SupersededError:
                return  # Swept meanwhile: the sweeper has already decided how the run goes on.
            requeue(db, run_id, reason=reason, max_attempts=self._max_attempts)
            db.execute(select(func.pg_notify(CHANNEL, "")))

    def alarm(self, run_id: UUID, attempt: int, *, kind: str, detail: str) -> None:
        """Raise an alarm for the security operator."""
        row = AlarmRow(run_id=run_id, attempt=attempt, kind=kind, detail=detail[:500]).model_dump()
        with self._engine.begin() as db:
            db.execute(insert(table_of(AlarmRow)), row)

    def _still_ours(self, db: Connection, run_id: UUID, attempt: int, **values: Any) -> None:
        fenced = update(ATTEMPT).where(_is(run_id, attempt, AttemptState.RUNNING)).values(**values)
        if db.execute(fenced).rowcount == 0:
            raise SupersededError(f"run {run_id} attempt {attempt} may no longer write")


def _step_row(step: PlannedStep) -> dict[str, Any]:
    return {
        **columns(step),
        "step_id": uuid4(),
        "needed": step.needed,
        "outcome": "planned" if step.needed else "not needed",
    }


def _is(run_id: UUID, attempt: int, state: AttemptState) -> Any:
    return and_(ATTEMPT.c.run_id == run_id, ATTEMPT.c.number == attempt, ATTEMPT.c.state == state)
