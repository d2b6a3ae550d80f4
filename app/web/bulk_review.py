"""Bulk review: preview a decision or assignment of several flags, validate the form, and carry it out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from app.procurement.finding import Severity
from app.procurement.free_text import REASON_LIMIT, refusal
from app.procurement.labels import DECISIONS, EVENTS, STATUSES
from app.review.flag_history import (
    CLOSING,
    Decision,
    Event,
    EventKind,
    ReviewError,
    State,
    Status,
    check,
    reason_fault,
    reference_fault,
)
from app.review.queries import FlagLine
from app.review.referrals import ReferralPolicy, day_of, referral_faults
from app.review.reviews import Reviews, StaleError, UnknownFlagError
from app.review.roles import Person

#: The most flags in one bulk action: as many as one person can review.
MOST = 50
ASSIGN = "assign"
ACTIONS = (ASSIGN, *(decision.value for decision in Decision))


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkAction:
    """A decision to record for each flag, or an assignment if `decision` is None (`assignee` None removes it)."""

    decision: Decision | None
    rationale: str = ""
    reference: str = ""
    office: str = ""
    due_on: str = ""
    assignee: str | None = None
    assignee_name: str = ""

    @property
    def words(self) -> str:
        """The action as a heading."""
        return f"Decide: {DECISIONS[self.decision].lower()}" if self.decision else "Assign"

    def alone(self, line: FlagLine) -> bool:
        """Whether this flag needs its own reason: blocking flags never close on a shared reason alone."""
        return self.decision in CLOSING and line.flag.severity == Severity.BLOCKING


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewLine:
    """One flag in the preview: the effect on it, and whether that is possible. `version` is the one the officer saw.

    `alone` says that it needs its own `reason`.
    """

    line: FlagLine
    version: int
    would: str
    possible: bool
    alone: bool
    reason: str = ""
    chosen: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The result for one flag: done, refused, or already changed by someone else."""

    line: FlagLine | None
    flag_id: UUID
    outcome: str
    text: str


def preview(line: FlagLine, bulk: BulkAction, by: Person, reviews: Reviews) -> PreviewLine:
    """The effect on one flag in its current state."""
    flag, alone = line.flag, bulk.alone(line)
    version = flag.version
    if bulk.decision is None:
        return PreviewLine(
            line=line, version=version, would="Assigned to the officer you choose", possible=True, alone=False
        )
    event = _event(flag.flag_id, bulk, by, version)
    state = State(version=version, status=Status(flag.status), assignee=flag.assignee)
    try:
        after = check(state, event, needs_second=reviews.needs_second(flag))
    except ReviewError as error:
        return PreviewLine(
            line=line, version=version, would=str(error), possible=False, alone=alone, chosen=False
        )
    would = f"Becomes: {STATUSES[after.status].lower()}"
    return PreviewLine(line=line, version=version, would=would, possible=True, alone=alone, chosen=not alone)


def faults(
    bulk: BulkAction, *, officers: Mapping[str, str], referrals: ReferralPolicy, today: date
) -> Iterator[tuple[str, str]]:
    """The errors in the fields that apply to all flags, as (field, text)."""
    if bulk.decision is None:
        if bulk.assignee is not None and bulk.assignee not in officers:
            yield "assignee", "Choose an officer from the list, or “Not assigned”."
        return
    if not bulk.rationale:
        yield "rationale", "Enter your reason. It becomes part of the contract file of each flag."
    elif fault := reason_fault(bulk.rationale):
        yield "rationale", fault
    if fault := reference_fault(bulk.decision, bulk.reference):
        yield "reference", fault
    if bulk.decision is Decision.REFERRED:
        yield from referral_faults(referrals, bulk.office, bulk.due_on, today)


def fault_of(line: PreviewLine) -> str | None:
    """The error in the reason for one flag, None if there is none."""
    if not (line.alone and line.chosen and line.possible):
        return None
    if not line.reason:
        return f"{line.line.flag.rule}, {line.line.flag.action_id}: a blocking flag needs its own reason."
    problem = refusal(line.reason, limit=REASON_LIMIT, lines=True)
    return (
        f"{line.line.flag.rule}, {line.line.flag.action_id}: this reason cannot be stored. {problem}"
        if problem
        else None
    )


def carry_out(lines: Sequence[PreviewLine], bulk: BulkAction, by: Person, reviews: Reviews) -> list[Result]:
    """Change one flag after the other, each independently and at the version the officer saw."""
    return [_one(line, bulk, by, reviews) for line in lines]


def _one(line: PreviewLine, bulk: BulkAction, by: Person, reviews: Reviews) -> Result:
    flag_id = line.line.flag.flag_id
    reason = f"{line.reason}\n\n{bulk.rationale}" if line.alone else bulk.rationale
    try:
        after = reviews.add(
            flag_id,
            version=line.version,
            kind=EventKind.DECIDED if bulk.decision else EventKind.ASSIGNED,
            by=by.subject,
            by_name=by.name,
            decision=bulk.decision,
            rationale=reason if bulk.decision else "",
            reference=bulk.reference or None,
            office=bulk.office or None,
            due_on=day_of(bulk.due_on),
            assignee=bulk.assignee,
        )
    except UnknownFlagError:
        outcome, text = "refused", "This flag does not exist."
    except StaleError as error:
        outcome, text = "changed", _meanwhile(error)
    except ReviewError as error:
        outcome, text = "refused", str(error)
    else:
        given = f"Assigned to {bulk.assignee_name}" if bulk.assignee else "Not assigned"
        outcome, text = "done", f"{STATUSES[after.status]}" if bulk.decision else given
    return Result(line=line.line, flag_id=flag_id, outcome=outcome, text=text)


def _meanwhile(error: StaleError) -> str:
    event = error.event
    if event is None:
        return "The form was for a different state of this flag. Your input was not stored."
    what = f"decided “{DECISIONS[event.decision]}”" if event.decision else EVENTS[event.kind].lower()
    return f"{event.by_name} was first: {what}. Your input was not stored."


def _event(flag_id: UUID, bulk: BulkAction, by: Person, version: int) -> Event:
    """The event that would be added, with placeholders for required texts not yet entered."""
    return Event(
        event_id=flag_id,
        flag_id=flag_id,
        number=version + 1,
        kind=EventKind.DECIDED,
        by=by.subject,
        by_name=by.name,
        at=datetime.now(UTC),
        decision=bulk.decision,
        rationale="to be given",
        reference="to be given",
        office="to be given" if bulk.decision is Decision.REFERRED else None,
        due_on=date.max if bulk.decision is Decision.REFERRED else None,
    )
