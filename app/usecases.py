"""What a person can ask of the application, in one place for the command line and the pages."""

import getpass
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from app.connections.database import Sessions
from app.intake import parse_actions
from app.store.requests import RequestRecords
from app.store.submissions import Outcome, Submissions


def submit(sessions: Sessions, text: str) -> tuple[list[str], int]:
    """Store the actions in `text` (JSON, one object or a list); their ids, and how many were new.

    Raises `IntakeError` with every problem found, or `ConflictError`; then nothing is stored.
    """
    actions = parse_actions(text)
    return [action.action_id for action in actions], RequestRecords(sessions).submit(actions)


def submit_once(
    sessions: Sessions, text: str, *, by: str, key: str, run: bool, most: int
) -> tuple[Outcome, bool]:
    """Store the actions in `text`, with a run of each if `run`, once for each key of a person; and whether it is new.

    `most` actions are taken at once.

    The same text under the same key gets the outcome of the first time. Raises `IntakeError`, `ConflictError`, and
    `KeyReusedError` where the key stands for another text; then nothing is stored.
    """
    digest = sha256(f"{run:d}{text}".encode("utf-8", "surrogatepass")).hexdigest()
    return Submissions(sessions).once(parse_actions(text, most=most), by=by, key=key, digest=digest, run=run)


def request_runs(
    sessions: Sessions, action_ids: Sequence[str], *, requested_by: str | None = None
) -> list[UUID]:
    """Request one run for each action id, all or none. Raises `UnknownActionError`."""
    return RequestRecords(sessions).request(action_ids, requested_by=requested_by or getpass.getuser())


def request_again(sessions: Sessions, action_id: str, *, requested_by: str) -> tuple[UUID, bool]:
    """The run of an action that is under way, or a new one where there is none; and whether it is new.

    Raises `UnknownActionError`.
    """
    return RequestRecords(sessions).request_again(action_id, requested_by=requested_by)


def stop_run(sessions: Sessions, run_id: UUID, *, requested_by: str) -> bool:
    """Ask that a run be stopped, which the sweeper does within seconds; whether it was under way and not asked before.

    Raises `UnknownRunError`.
    """
    return RequestRecords(sessions).stop(run_id, requested_by=requested_by)
