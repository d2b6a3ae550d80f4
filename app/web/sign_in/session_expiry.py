"""Shows on every page when the session ends, early enough to extend it (WCAG 2.2, success criterion 2.2.1)."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask

from app.web.services import services
from app.web.sign_in.current_person import visitor
from app.web.sign_in.sessions import browser_session


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionEnd:
    """The current end of a session; `seconds` are those left, at least 0."""

    at: datetime
    seconds: int
    can_extend: bool


def session_end() -> SessionEnd | None:
    """The end of the session of this request; None without a session."""
    if visitor() is None:
        return None
    session = browser_session()
    at = session.ends_at
    if at is None:
        return None
    left = int((at - services().clock.now()).total_seconds())
    return SessionEnd(at=at, seconds=max(left, 0), can_extend=session.can_extend)


def init_app(app: Flask) -> None:
    """Give templates `session_end()`."""
    app.jinja_env.globals["session_end"] = session_end
