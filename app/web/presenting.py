"""Orders of a presenter, and what came of them, for the pages of a demo. Elsewhere there are no such pages."""

from flask import abort, flash

from app.web.presenter import Presenter, PresenterError
from app.web.presenter_state import PresenterState
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import person


def presenter() -> Presenter:
    """That of this demo. Ends the request with 404 where there is none."""
    return services().presenter or abort(404)


def order(act: str, started: str = "", **wanted: object) -> bool:
    """Order it in the name of the person, and whether it was taken; the next page says so, with `started` if it was."""
    try:
        presenter().order(act, by=person().name, **wanted)
    except PresenterError as refused:
        flash(f"Nothing was started: {refused}.", "warning")
        return False
    note(order=act)
    if started:
        flash(started, "info")
    return True


def known_state() -> tuple[PresenterState | None, str]:
    """The state, or None with the reason."""
    try:
        return presenter().state(), ""
    except PresenterError as error:
        return None, str(error)
