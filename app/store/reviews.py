"""The history of flags: reading it, and adding to it so that of two officers at once one wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.domain.review import Decision, Event, EventKind, State, check, digest, first_broken, state_of
from app.store.database import Sessions
from app.store.review_questions import DECIDED_BEFORE, RECORD
from app.store.tables import DiscrepancyRow, ReviewEvent


class UnknownFlagError(Exception):
    """There is no flag of this id."""


class StaleError(Exception):
    """Somebody added to the flag's history meanwhile. `event` is what was added last, None if nothing was."""

    def __init__(self, event: Event | None, state: State) -> None:
        super().__init__(f"{event.by_name if event else 'nobody'} was first")
        self.event = event
        self.state = state


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """All that was done about a flag, oldest first, and what it adds up to.

    `broken` is the number of the first event that was changed or taken away behind our back; None if the history holds.
    """

    history: Sequence[Event]
    state: State
    broken: int | None


class Reviews:
    """What officers did with flags. `second_person` names the rules whose closing decisions need a second officer."""

    def __init__(self, sessions: Sessions, *, second_person: frozenset[str] = frozenset()) -> None:
        self._sessions = sessions
        self._second_person = second_person

    def needs_second(self, rule: str) -> bool:
        """Whether a closing decision on a flag of this rule waits for a second officer."""
        return rule in self._second_person

    def record(self, flag: DiscrepancyRow) -> Record:
        """All that was done about a flag."""
        with self._sessions() as db:
            # One question: an officer's event between two would look like a history that was cut.
            rows = db.execute(RECORD, {"flag": flag.discrepancy_id}).all()
        stored = [(_event(row), row.digest) for _, row in rows if row is not None]
        events = [event for event, _ in stored]
        return Record(
            history=events,
            state=state_of(events, needs_second=self.needs_second(flag.rule)),
            broken=first_broken(stored, version=max((version for version, _ in rows), default=0)),
        )

    def history(self, flag_id: UUID) -> list[Event]:
        """All events of a flag, oldest first."""
        with self._sessions() as db:
            return [event for event, _ in _events(db, flag_id)]

    def state(self, flag_id: UUID) -> State:
        """What the history of a flag adds up to. Raises `UnknownFlagError`."""
        with self._sessions() as db:
            flag = db.get(DiscrepancyRow, flag_id)
            if flag is None:
                raise UnknownFlagError(str(flag_id))
            events = [event for event, _ in _events(db, flag_id)]
            return state_of(events, needs_second=self.needs_second(flag.rule))

    def add(
        self,
        flag_id: UUID,
        *,
        version: int,
        kind: EventKind,
        by: str,
        by_name: str,
        decision: Decision | None = None,
        rationale: str = "",
        reference: str | None = None,
        assignee: str | None = None,
    ) -> State:
        """Add one event to a flag whose history has `version` events, and give the state after it.

        Raises `UnknownFlagError`, `StaleError` when the history has gone on, and `ReviewError` for an event that does
        not fit; then nothing is stored.
        """
        with self._sessions.begin() as db:
            # The row lock makes a second officer wait here until the first one's event is stored.
            flag = db.scalars(
                select(DiscrepancyRow)
                .where(col(DiscrepancyRow.discrepancy_id) == flag_id)
                .with_for_update(key_share=True)
            ).one_or_none()
            if flag is None:
                raise UnknownFlagError(str(flag_id))
            stored = _events(db, flag_id)
            needs_second = self.needs_second(flag.rule)
            before = state_of([event for event, _ in stored], needs_second=needs_second)
            if before.version != version:
                raise StaleError(stored[-1][0] if stored else None, before)
            event = Event(
                event_id=uuid4(),
                flag_id=flag_id,
                number=version + 1,
                kind=kind,
                by=by,
                by_name=by_name,
                at=datetime.now(UTC),
                decision=decision,
                rationale=rationale.strip(),
                reference=(reference or "").strip() or None,
                assignee=assignee,
            )
            after = check(before, event, needs_second=needs_second)
            db.add(_row(event, digest(event, stored[-1][1] if stored else "")))
            db.execute(
                update(DiscrepancyRow)
                .where(col(DiscrepancyRow.discrepancy_id) == flag_id)
                .values(
                    status=after.status.value,
                    decision=after.decision.value if after.decision else None,
                    decided_at=after.decided.at if after.decided else None,
                    assignee=after.assignee,
                    version=after.version,
                )
            )
            return after

    def broken(self, flag_id: UUID) -> int | None:
        """The number of the first event that was changed or taken away behind our back; None if the history holds."""
        with self._sessions() as db:
            flag = db.get(DiscrepancyRow, flag_id)
            if flag is None:
                raise UnknownFlagError(str(flag_id))
            return first_broken(_events(db, flag_id), version=flag.version)

    def decided_before(self, flag: DiscrepancyRow) -> Sequence[tuple[DiscrepancyRow, Event]]:
        """Earlier flags on the same fact that have a decision in force, with that decision, newest first."""
        if flag.fact_key is None:
            return []
        with self._sessions() as db:
            known = {"fact": flag.fact_key, "but": flag.discrepancy_id}
            rows = db.execute(DECIDED_BEFORE, known).all()
        return [(same, _event(decided)) for same, decided in rows]


def histories(db: Session, flag_ids: Sequence[UUID]) -> dict[UUID, list[tuple[Event, str]]]:
    """The events of several flags, oldest first, each with its stored digest; flags without events are left out."""
    rows = db.scalars(
        select(ReviewEvent)
        .where(col(ReviewEvent.flag_id).in_(flag_ids))
        .order_by(col(ReviewEvent.flag_id), col(ReviewEvent.number))
    )
    found: dict[UUID, list[tuple[Event, str]]] = {}
    for row in rows:
        found.setdefault(row.flag_id, []).append((_event(row), row.digest))
    return found


def newest(db: Session, *, limit: int) -> list[Event]:
    """The latest events of all flags, newest first."""
    rows = db.scalars(
        select(ReviewEvent).order_by(col(ReviewEvent.at).desc(), col(ReviewEvent.event_id)).limit(limit)
    )
    return [_event(row) for row in rows]


def _events(db: Session, flag_id: UUID) -> list[tuple[Event, str]]:
    return histories(db, [flag_id]).get(flag_id, [])


def _event(row: ReviewEvent) -> Event:
    fields = row.model_dump(exclude={"digest"})
    decision = Decision(row.decision) if row.decision else None
    return Event(
        **{**fields, "kind": EventKind(row.kind), "decision": decision, "at": row.at.astimezone(UTC)}
    )


def _row(event: Event, chained: str) -> ReviewEvent:
    return ReviewEvent(
        event_id=event.event_id,
        flag_id=event.flag_id,
        number=event.number,
        kind=event.kind.value,
        by=event.by,
        by_name=event.by_name,
        at=event.at,
        decision=event.decision.value if event.decision else None,
        rationale=event.rationale,
        reference=event.reference,
        assignee=event.assignee,
        digest=chained,
    )
