"""Records of the sweeper: which attempts have ended without a confirmed end, and what they hold in the vault."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

from app.connections.database import one_by_one
from app.credentials.holdings import EndedAttempt, Holdings, holdings_of
from app.credentials.tables import EndedBy

#: Attempts whose ends are confirmed together.
TOGETHER = 32

#: In one order, so that two sweepers do not wait for each other.
_CONFIRM = text(
    "SELECT confirm_end(e.run, e.number, e.by, e.events)"
    " FROM (SELECT * FROM jsonb_to_recordset(cast(:ends AS jsonb)) AS e"
    " (run uuid, number integer, by text, events text[]) ORDER BY run, number) AS e"
)
_OLDEST_PROBLEM = text(
    "SELECT problem FROM attempt_end WHERE since < now() - interval '2 s' ORDER BY since LIMIT 1"
)
_LEASES = text(
    "SELECT service_user, lease_id FROM vault_event WHERE service_user = ANY (:users) AND lease_id <> ''"
)


class EndRecords:
    """The database as the sweeper uses it. Every change is a function there, with the database's own time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = one_by_one(engine)

    def end_stopped(self) -> UUID | None:
        """Let one run fail that is to be stopped, and its open attempt with it; its id, None if there is none.

        From then on the attempt can store nothing.
        """
        with self._engine.connect() as db:
            run_id: UUID | None = db.scalar(text("SELECT end_stopped()"))
            return run_id

    def lose_attempts(self, *, answers_since: float | None) -> list[EndedAttempt]:
        """Let all attempts be lost that did not report before their lease ran out.

        One that began more than `answers_since` seconds ago could not report, because the database was silent until
        then; it does not count against its run.
        """
        with self._engine.connect() as db:
            rows = db.execute(text("SELECT * FROM lose_attempts(:since)"), {"since": answers_since})
            return [EndedAttempt(*row) for row in rows]

    def end_attempt(self, run_id: UUID, number: int, reason: str) -> bool:
        """Let an open attempt fail; False if it had ended before."""
        with self._engine.connect() as db:
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
        with self._engine.connect() as db:
            return list(db.scalars(text("SELECT requeue_ended()")))

    def alarm(self, kind: str, detail: str, *, run_id: UUID | None = None, number: int | None = None) -> bool:
        """Raise an alarm for the security operator; False if the same one was raised before."""
        with self._engine.connect() as db:
            return bool(
                db.scalar(
                    text("SELECT alarm_once(:kind, :detail, :run, :number)"),
                    {"kind": kind, "detail": detail, "run": run_id, "number": number},
                )
            )

    def alarm_past(
        self,
        kind: str,
        detail: str,
        at: datetime,
        *,
        run_id: UUID | None = None,
        number: int | None = None,
        credential_id: UUID | None = None,
    ) -> bool:
        """The same about something that happened at a time (UTC): not again after somebody has closed that alarm.

        A recorded credential says which run and attempt it is about.
        """
        what = ":run, :number, :at" if credential_id is None else ":credential, :at"
        function = "alarm_past" if credential_id is None else "alarm_past_credential"
        with self._engine.connect() as db:
            return bool(
                db.scalar(
                    text(f"SELECT {function}(:kind, :detail, {what})"),  # texts of this file
                    {
                        "kind": kind,
                        "detail": detail,
                        "run": run_id,
                        "number": number,
                        "credential": credential_id,
                        "at": at,
                    },
                )
            )

    def alarm_claim(self, ended: EndedAttempt, what: str) -> None:
        """Raise an alarm: a worker's record of this attempt names a credential that the vault gave to another."""
        self.alarm(
            "record names another's credential",
            f"{what} is not this attempt's by the vault's own record, and was left alone",
            run_id=ended.run_id,
            number=ended.number,
        )

    def due(self, *, tried_before: bool) -> list[EndedAttempt]:
        """Ended attempts that are to be confirmed now: for the first time, or those where that has failed before."""
        with self._engine.connect() as db:
            rows = db.execute(
                text("SELECT * FROM due_ends(:tried_before, :most)"),
                {"tried_before": tried_before, "most": TOGETHER},
            )
            return [EndedAttempt(*row) for row in rows]

    def holdings(self, attempts: Sequence[EndedAttempt]) -> list[Holdings]:
        """What these attempts hold, in the same order, by the vault's log as far as it was read, and by the records."""
        with self._engine.connect() as db:
            return holdings_of(db, attempts)

    def confirm(self, confirmed: Iterable[Holdings]) -> None:
        """Record that everything these attempts held is dead."""
        ends = [
            {
                "run": str(held.ended.run_id),
                "number": held.ended.number,
                "by": EndedBy.RUN_END if held.ended_itself else EndedBy.SWEEPER,
                "events": held.request_ids,
            }
            for held in confirmed
        ]
        if ends:
            with self._engine.connect() as db:
                db.execute(_CONFIRM, {"ends": json.dumps(ends)})

    def note_problem(self, attempt: EndedAttempt, problem: str) -> None:
        """Record why an end could not be confirmed; it is tried again, later each time, and after a minute an alarm."""
        with self._engine.connect() as db:
            db.execute(
                text("SELECT note_end_problem(:run, :number, :problem)"),
                {"run": attempt.run_id, "number": attempt.number, "problem": problem},
            )

    def problem(self) -> str | None:
        """Why the oldest unconfirmed end is not confirmed after 2 s; None if there is none."""
        with self._engine.connect() as db:
            problem: str | None = db.scalar(_OLDEST_PROBLEM)
            return problem

    def leases_of(self, users: Collection[str]) -> dict[str, str]:
        """By user of a database, the lease that the vault's log names for it; those without one are missing."""
        with self._engine.connect() as db:
            return {row.service_user: row.lease_id for row in db.execute(_LEASES, {"users": list(users)})}
