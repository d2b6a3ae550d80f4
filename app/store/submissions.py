"""Submissions by programs, which send again when no answer came: stored once for each idempotency key."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.requests import request_missing
from app.procurement.action import ProcurementAction
from app.store.actions import goals_of, store_actions
from app.store.tables import SubmissionRow

#: How long a key is remembered. No program waits longer for an answer.
REMEMBERED = timedelta(days=7)


class KeyReusedError(Exception):
    """The key was used before, for something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmissionOutcome:
    """The outcome of a submission: all its actions, those that were new, and the runs of them if it requested runs."""

    action_ids: tuple[str, ...]
    new: tuple[str, ...]
    run_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, stored: dict[str, list[str]]) -> Self:
        """The outcome from its stored JSON values."""
        return cls(
            action_ids=tuple(stored["action_ids"]),
            new=tuple(stored["new"]),
            run_ids=tuple(map(UUID, stored["run_ids"])),
        )

    def stored(self) -> dict[str, list[str]]:
        """The outcome as JSON values."""
        return {name: [str(each) for each in values] for name, values in asdict(self).items()}


class Submissions:
    """Stores what programs submit."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def once(
        self, actions: Sequence[ProcurementAction], *, by: str, key: str, digest: str, run: bool
    ) -> tuple[SubmissionOutcome, bool]:
        """Store the actions and request their runs, unless `key` was used before; the outcome, and whether it is new.

        A run that is under way already serves as the new one. `digest` is the SHA-256 of the request. Of two requests
        at once the second waits and gets the outcome of the first. Raises `KeyReusedError` and `ConflictError`; then
        nothing is stored and the key stays free.
        """
        with self._sessions.begin() as db:
            db.execute(select(func.pg_advisory_xact_lock(func.hashtext(by), func.hashtext(key))))
            stored = db.get(SubmissionRow, (by, key))
            if stored is not None:
                if stored.digest != digest:
                    raise KeyReusedError(key)
                return SubmissionOutcome.of(stored.outcome), False
            new = store_actions(db, actions)
            ids = [action.action_id for action in actions]
            runs = request_missing(db, goals_of(db, ids), requested_by=by) if run else {}
            run_ids = tuple(runs[action_id][0] for action_id in ids if run)
            outcome = SubmissionOutcome(action_ids=tuple(ids), new=tuple(new), run_ids=run_ids)
            old = func.now() - REMEMBERED
            db.execute(delete(SubmissionRow).where(col(SubmissionRow.by) == by, col(SubmissionRow.at) < old))
            db.add(SubmissionRow(by=by, key=key, digest=digest, outcome=outcome.stored()))
            return outcome, True
