"""What a person or a program can do with actions and runs, in one place for the command line and the pages."""

import getpass
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from app.connections.database import Sessions
from app.credentials import alarm_handling, requests, switch_orders
from app.credentials.switch_orders import AGENT, SwitchKind, Turn, UnknownTargetError
from app.credentials.tables import AlarmState
from app.intake import Notation, parse_actions
from app.procurement.systems import SYSTEMS
from app.store.actions import goals_of, store_actions
from app.store.submissions import SubmissionOutcome, Submissions


def submit(
    sessions: Sessions, text: str, *, notation: Notation = Notation.JSON, most: int | None = None
) -> tuple[list[str], int]:
    """Store the actions in `text`, `most` at most; their ids, and how many were new.

    The same action again is fine. Raises `IntakeError` with every problem found, or `ConflictError`; then nothing is
    stored.
    """
    actions = parse_actions(text, most=most, notation=notation)
    with sessions.begin() as db:
        new = store_actions(db, actions)
    return [action.action_id for action in actions], len(new)


def submit_once(
    sessions: Sessions, text: str, *, by: str, key: str, run: bool, most: int
) -> tuple[SubmissionOutcome, bool]:
    """Store the actions in `text`, with a run of each if `run`, once for each key of a person.

    Returns the outcome and whether it is new: the same text under the same key gets the outcome of the first time.
    `most` is the number of actions allowed in one text. Raises `IntakeError`, `ConflictError`, and `KeyReusedError`
    if the key was used for another text; then nothing is stored.
    """
    digest = sha256(f"{run:d}{text}".encode("utf-8", "surrogatepass")).hexdigest()
    return Submissions(sessions).once(parse_actions(text, most=most), by=by, key=key, digest=digest, run=run)


def request_runs(
    sessions: Sessions, action_ids: Sequence[str], *, requested_by: str | None = None
) -> list[UUID]:
    """Request one run for each action id, all or none. Raises `UnknownActionError`."""
    by = requested_by or getpass.getuser()
    with sessions.begin() as db:
        goals = goals_of(db, action_ids)
        return requests.request(db, [(each, goals[each]) for each in action_ids], requested_by=by)


def request_again(sessions: Sessions, action_id: str, *, requested_by: str) -> tuple[UUID, bool]:
    """The run of an action that is under way, or else a new one, and whether it is new.

    Raises `UnknownActionError`.
    """
    with sessions.begin() as db:
        goals = goals_of(db, [action_id])
        return requests.request_missing(db, goals, requested_by=requested_by)[action_id]


def stop_run(sessions: Sessions, run_id: UUID, *, requested_by: str) -> bool:
    """Request that a run be stopped, which the sweeper does within seconds; False if it ended or was requested before.

    Raises `UnknownRunError`.
    """
    with sessions.begin() as db:
        return requests.stop(db, run_id, requested_by=requested_by)


def handle_alarm(
    sessions: Sessions, alarm_id: UUID, state: AlarmState, *, by: str, by_name: str, reason: str = ""
) -> bool:
    """Acknowledge or close an alarm; closing needs a reason. False if somebody did so before.

    Raises `UnknownAlarmError`.
    """
    with sessions.begin() as db:
        return alarm_handling.handle(db, alarm_id, state, by=by, by_name=by_name, reason=reason)


def order_switch(  # each part of an order
    sessions: Sessions, kind: SwitchKind, target: str, turn: Turn, *, by: str, by_name: str, reason: str
) -> UUID | None:
    """Order that the agent, a tool, a worker, a run or a credential be cut off, or let on again; None if the last order was the same.

    The switch process carries it out within a second. Raises `UnknownTargetError`, and `NothingToSwitchError` if the target
    has ended or nobody can end it.
    """
    with sessions.begin() as db:
        require_switch(db, kind, target, turn)
        return switch_orders.order(db, kind, target, turn, by=by, by_name=by_name, reason=reason)


def require_switch(db: Session, kind: SwitchKind, target: str, turn: Turn) -> None:
    """Raises as `order_switch` does."""
    known = {SwitchKind.AGENT: {AGENT}, SwitchKind.TOOL: {system.name for system in SYSTEMS}}
    if (kind in known and target not in known[kind]) or (turn is Turn.ON and not kind.returns):
        raise UnknownTargetError
    if kind is SwitchKind.WORKER:
        switch_orders.require_worker(db, target, turn)
    elif kind not in known:
        try:
            name = UUID(target)
        except ValueError:
            raise UnknownTargetError from None
        switch_orders.require_alive(db, kind, name)
