"""Whether an action is ready to sign, as far as its checks can show, and the checklist behind the answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.progress import ENDED
from app.credentials.tables import RunRow, RunState
from app.procurement.finding import NOT_PERFORMED
from app.procurement.labels import plural
from app.review.flag_history import Status
from app.review.tables import ExportRecordRow
from app.store.tables import FlagRow

#: How the kind of an export of the whole file begins; others are single answers.
_FILE = "contract-file."


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsettled:
    """Numbers of an action's current flags that are not closed. `unchecked` report a check as not performed.

    `waiting` are those of any severity that wait for a second officer; they are counted by severity too.
    """

    blocking: int
    advisory: int
    unchecked: int
    waiting: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One line of the checklist. `open_because` is empty if it is done; only a `required` point keeps an action from being ready."""

    text: str
    open_because: str
    required: bool = True

    @property
    def done(self) -> bool:
        """Whether nothing is open."""
        return not self.open_because


@dataclass(frozen=True, kw_only=True, slots=True)
class SignOff:
    """The answer for one action: ready if each required point of the checklist is done."""

    checklist: Sequence[Point]

    @property
    def ready(self) -> bool:
        """Whether each required point is done."""
        return not self.reasons

    @property
    def reasons(self) -> list[str]:
        """What keeps the action from being ready."""
        return [point.open_because for point in self.checklist if point.required and not point.done]


def unsettled(db: Session, action_id: str) -> Unsettled:
    """Count the current flags of one action that are not closed."""
    return Unsettled(**db.execute(_UNSETTLED, {"action": action_id}).mappings().one())


# Built once: building a statement takes longer than running it.
_GAP, _BLOCKING = col(FlagRow.rule) == NOT_PERFORMED, col(FlagRow.severity) == "blocking"
_UNSETTLED = select(
    func.count().filter(_BLOCKING, ~_GAP).label("blocking"),
    func.count().filter(~_BLOCKING, ~_GAP).label("advisory"),
    func.count().filter(_GAP).label("unchecked"),
    func.count().filter(col(FlagRow.status) == Status.AWAITING_CONCURRENCE.value).label("waiting"),
).where(
    col(FlagRow.action_id) == bindparam("action"),
    col(FlagRow.current),
    col(FlagRow.status) != Status.CLOSED.value,
)


def sign_off(
    *,
    newest: RunRow | None,
    pulled: RunRow | None,
    left: Unsettled,
    more: Sequence[Point] = (),
) -> SignOff:
    """The answer for an action whose newest run is `newest` and whose latest completed one is `pulled`."""
    return SignOff(
        checklist=(
            Point(text="The newest pull of the records is complete.", open_because=_pull(newest, pulled)),
            Point(
                text="Each check that applies was performed, or an officer has settled why not.",
                open_because=f"{plural(left.unchecked, 'check')} not performed" if left.unchecked else "",
            ),
            Point(
                text="Each blocking flag is closed.",
                open_because=f"{plural(left.blocking, 'blocking flag')} not closed" if left.blocking else "",
            ),
            Point(
                text="No decision waits for a second officer.",
                open_because=f"{plural(left.waiting, 'decision waits', 'decisions wait')} for a second officer"
                if left.waiting
                else "",
            ),
            Point(
                text="Each advisory flag is closed.",
                open_because=f"{plural(left.advisory, 'advisory flag')} not closed" if left.advisory else "",
                required=False,
            ),
            *more,
        )
    )


def exported(changed_at: datetime | None, exports: Iterable[ExportRecordRow]) -> Point:
    """Whether the whole file was exported after records or decisions last changed."""
    filed = changed_at and any(
        export.at >= changed_at and export.kind.startswith(_FILE) for export in exports
    )
    return Point(
        text="The record for the contract file was exported after the newest pull and the last decision.",
        open_because="" if filed else "not exported since then",
        required=False,
    )


def _pull(newest: RunRow | None, pulled: RunRow | None) -> str:
    if newest is None:
        return "the records have not been pulled"
    if newest.state not in ENDED:
        return "a pull of the records is under way"
    if newest.state != RunState.COMPLETED:
        how = "was stopped" if newest.stop_requested_at else "failed"
        return f"the newest pull of the records {how}" + ("" if pulled else ", and none was completed before")
    return ""
