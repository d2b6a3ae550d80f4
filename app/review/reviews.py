"""Adds events to the history of flags. If two officers act at once, one wins. `app.review.review_events` reads it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlmodel import col

from app.connections.database import Sessions
from app.procurement.federal_time import eastern_day
from app.review.draft_records import clear_sent
from app.review.event_chain import digest
from app.review.flag_history import Decision, Event, EventKind, ReviewError, State, Status, check
from app.review.flag_lineage import begins
from app.review.lineage_rows import lineages
from app.review.referrals import ReferralPolicy
from app.review.review_events import state_of_flag
from app.review.tables import ReviewEventRow
from app.store.tables import FlagRow


class UnknownFlagError(Exception):
    """There is no flag of this id."""


class StaleError(Exception):
    """The flag's history has changed since it was read. `event` is the last one added, None if there is none."""

    def __init__(self, event: Event | None, state: State) -> None:
        super().__init__(f"{event.by_name if event else 'nobody'} was first")
        self.event = event
        self.state = state


class Reviews:
    """Records what officers do with flags. Closing decisions under the rules in `second_person` need a second officer."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        second_person: frozenset[str] = frozenset(),
        referrals: ReferralPolicy | None = None,
    ) -> None:
        self._sessions = sessions
        self._second_person = second_person
        self.referrals = referrals or ReferralPolicy()

    def needs_second(self, flag: FlagRow) -> bool:
        """Whether a closing decision on this flag needs a second officer: by its rule, or because one is already awaited."""
        return flag.rule in self._second_person or flag.status == Status.AWAITING_CONCURRENCE

    def state(self, flag_id: UUID) -> State:
        """The state of a flag. Raises `UnknownFlagError`."""
        with self._sessions() as db:
            flag = db.get(FlagRow, flag_id)
            if flag is None:
                raise UnknownFlagError(str(flag_id))
            *earlier, own = lineages(db, [flag_id])[flag_id]
            return state_of_flag(flag, [event for event, _ in own.events], earlier)

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
        office: str | None = None,
        due_on: date | None = None,
    ) -> State:
        """Add one event to a flag whose history has `version` events. Returns the state after it.

        The same event sent again, as after a lost answer, is stored once; the state is then the present one. A comment
        contradicts nothing: it follows what was added since.
        Raises `UnknownFlagError`, `StaleError` if the history has more events by now, and `ReviewError` if the event
        is not allowed in the flag's state. Nothing is stored then.
        """
        with self._sessions.begin() as db:
            # The row lock makes a second officer wait here until the first one's event is stored.
            flag = db.scalars(
                select(FlagRow).where(col(FlagRow.flag_id) == flag_id).with_for_update(key_share=True)
            ).one_or_none()
            if flag is None:
                raise UnknownFlagError(str(flag_id))
            *earlier, own = lineages(db, [flag_id])[flag_id]
            stored = [event for event, _ in own.events]
            before = state_of_flag(flag, stored, earlier)
            event = Event(
                event_id=uuid4(),
                flag_id=flag_id,
                number=before.version + 1,
                kind=kind,
                by=by,
                by_name=by_name,
                at=db.execute(select(func.clock_timestamp())).scalar_one(),
                decision=decision,
                rationale=rationale.strip(),
                reference=(reference or "").strip() or None,
                assignee=assignee,
                office=(office or "").strip() or None,
                due_on=due_on,
            )
            clear_sent(db, by, flag_id, kind)
            if _is_sent_again(event, stored, version):
                return before
            if version > before.version or (version < before.version and kind is not EventKind.COMMENTED):
                raise StaleError(stored[-1] if stored else None, before)
            after = check(before, event, needs_second=self.needs_second(flag))
            self._check_referral(event)
            _, last = begins(earlier)
            db.add(_row(event, digest(event, own.events[-1][1] if stored else last)))
            db.execute(
                update(FlagRow)
                .where(col(FlagRow.flag_id) == flag_id)
                .values(
                    status=after.status.value,
                    decision=after.decision.value if after.decision else None,
                    decided_at=after.decided.at if after.decided else None,
                    assignee=after.assignee,
                    office=after.office,
                    due_on=after.due_on,
                    version=after.version,
                )
            )
            return after

    def _check_referral(self, event: Event) -> None:
        if event.decision is Decision.REFERRED:
            today = eastern_day(event.at)
            if fault := next(self.referrals.faults(event.office, event.due_on, today=today), None):
                raise ReviewError(fault[1])


def _is_sent_again(event: Event, stored: Sequence[Event], version: int) -> bool:
    """Whether this event was stored before: as the first after that version or, of a comment, as any later one."""
    since = stored[version:] if event.kind is EventKind.COMMENTED else stored[version : version + 1]
    return any(_said(event) == _said(each) for each in since)


def _said(event: Event) -> tuple[object, ...]:
    return (
        *(event.kind, event.by, event.decision, event.rationale, event.reference),
        *(event.assignee, event.office, event.due_on),
    )


def _row(event: Event, chained: str) -> ReviewEventRow:
    return ReviewEventRow(
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
        office=event.office,
        due_on=event.due_on,
        digest=chained,
    )
