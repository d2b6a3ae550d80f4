"""Several flags at once: what a decision or assignment would do to each, what is wrong with the form, and doing it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.procurement.finding import Severity
from app.procurement.free_text import REASON_LIMIT, refusal
from app.procurement.labels import DECISIONS, EVENTS, STATUSES
from app.review.decisions import (
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
from app.review.reviews import Reviews, StaleError, UnknownFlagError
from app.review.roles import Person

#: Flags that are dealt with at once at most: as many as somebody can have looked at.
MOST = 50
ASSIGN = "assign"
ACTIONS = (ASSIGN, *(decision.value for decision in Decision))


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkAction:
    """What is to happen to each of the flags: a decision, or, without one, an assignment (to nobody where None)."""

    decision: Decision | None
    rationale: str = ""
    reference: str = ""
    assignee: str | None = None
    assignee_name: str = ""

    @property
    def words(self) -> str:
        """What it is, for a heading."""
        return f"Decide: {DECISIONS[self.decision].lower()}" if self.decision else "Give to somebody"

    def alone(self, line: FlagLine) -> bool:
        """Whether this flag needs a reason of its own: none that blocks closes along with others."""
        return self.decision in CLOSING and line.flag.severity == Severity.BLOCKING


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewLine:
    """One flag in the preview: what would happen to it, and whether it can. `version` is what the officer has seen."""

    line: FlagLine
    version: int
    would: str
    possible: bool
    alone: bool
    reason: str = ""
    chosen: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one flag: done, refused, or changed by somebody meanwhile."""

    line: FlagLine | None
    flag_id: UUID
    outcome: str
    text: str


def preview(line: FlagLine, bulk: BulkAction, by: Person, reviews: Reviews) -> PreviewLine:
    """What would happen to one flag as it is now."""
    flag, alone = line.flag, bulk.alone(line)
    version = flag.version
    if bulk.decision is None:
        return PreviewLine(
            line=line, version=version, would="Is given to whom you choose", possible=True, alone=False
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


def faults(bulk: BulkAction, *, officers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the fields that hold for all flags, as field and text."""
    if bulk.decision is None:
        if bulk.assignee is not None and bulk.assignee not in officers:
            yield "assignee", "Choose an officer from the list, or nobody."
        return
    if not bulk.rationale:
        yield "rationale", "Give your reason: it becomes part of the contract file of each item."
    elif fault := reason_fault(bulk.rationale):
        yield "rationale", fault
    if fault := reference_fault(bulk.decision, bulk.reference):
        yield "reference", fault


def fault_of(line: PreviewLine) -> str | None:
    """What is wrong with the reason for one flag alone, None if nothing."""
    if not (line.alone and line.chosen and line.possible):
        return None
    if not line.reason:
        return (
            f"{line.line.flag.rule}, {line.line.flag.action_id}: a blocking item needs a reason of its own."
        )
    problem = refusal(line.reason, limit=REASON_LIMIT, lines=True)
    return (
        f"{line.line.flag.rule}, {line.line.flag.action_id}: the reason is not taken. {problem}"
        if problem
        else None
    )


def carry_out(lines: Sequence[PreviewLine], bulk: BulkAction, by: Person, reviews: Reviews) -> list[Result]:
    """Do it, one flag after the other, each by itself and as of the version the officer has seen."""
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
            assignee=bulk.assignee,
        )
    except UnknownFlagError:
        outcome, text = "refused", "This item does not exist."
    except StaleError as error:
        outcome, text = "changed", _meanwhile(error)
    except ReviewError as error:
        outcome, text = "refused", str(error)
    else:
        given = f"Given to {bulk.assignee_name}" if bulk.assignee else "Given to nobody"
        outcome, text = "done", f"{STATUSES[after.status]}" if bulk.decision else given
    return Result(line=line.line, flag_id=flag_id, outcome=outcome, text=text)


def _meanwhile(error: StaleError) -> str:
    event = error.event
    if event is None:
        return "The form was made for another state of this item. Nothing of yours was stored."
    what = f"decided “{DECISIONS[event.decision]}”" if event.decision else EVENTS[event.kind].lower()
    return f"Changed meanwhile by {event.by_name}: {what}. Nothing of yours was stored."


def _event(flag_id: UUID, bulk: BulkAction, by: Person, version: int) -> Event:
    """The event it would be; what is not typed yet is stood in for, as the form asks for it anyway."""
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
    )
