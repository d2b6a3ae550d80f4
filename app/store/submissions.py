"""Submissions by programs, which repeat what they sent when they got no answer: once for each key, however often sent."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import col

from app.connections.database import Sessions
from app.procurement.action import ProcurementAction
from app.store.requests import request_missing, store
from app.store.tables import SubmissionRow

#: How long a key is remembered. Nobody waits longer for an answer.
REMEMBERED = timedelta(days=7)


class KeyReusedError(Exception):
    """The key was used before, for something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a submission: all its actions, those that were new, and, if asked for, a run of each under way now."""

    action_ids: tuple[str, ...]
    new: tuple[str, ...]
    run_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, stored: dict[str, list[str]]) -> Self:
        """The outcome that was stored so."""
        return cls(
            action_ids=tuple(stored["action_ids"]),
            new=tuple(stored["new"]),
            run_ids=tuple(map(UUID, stored["run_ids"])),
        )

    def stored(self) -> dict[str, list[str]]:
        """The same as JSON values."""
        return {name: [str(each) for each in values] for name, values in asdict(self).items()}


class Submissions:
    """Stores what programs submit."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def once(
        self, actions: Sequence[ProcurementAction], *, by: str, key: str, digest: str, run: bool
    ) -> tuple[Outcome, bool]:
        """Store the actions and request their runs, unless `key` was used before; and whether it was not.

        A run that is under way already is taken for a new one. `digest` is of what was sent. Of two at once the second waits and gets the outcome of the first. Raises
        `KeyReusedError` and `ConflictError`; then nothing is stored and the key stays free.
        """
        with self._sessions.begin() as db:
            db.execute(select(func.pg_advisory_xact_lock(func.hashtext(by), func.hashtext(key))))
            known = db.get(SubmissionRow, (by, key))
            if known is not None:
                if known.digest != digest:
                    raise KeyReusedError(key)
                return Outcome.of(known.outcome), False
            new = store(db, actions)
            ids = [action.action_id for action in actions]
            runs = request_missing(db, ids, requested_by=by) if run else []
            run_ids = tuple(run_id for run_id, _ in runs)
            outcome = Outcome(action_ids=tuple(ids), new=tuple(new), run_ids=run_ids)
            old = func.now() - REMEMBERED
            db.execute(delete(SubmissionRow).where(col(SubmissionRow.by) == by, col(SubmissionRow.at) < old))
            db.add(SubmissionRow(by=by, key=key, digest=digest, outcome=outcome.stored()))
            return outcome, True
