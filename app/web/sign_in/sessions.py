"""Browser sessions: an id in a cookie, everything else in the database."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.connections.database_trouble import is_read_only
from app.review.roles import Person
from app.review.web_sessions import OpenSession, WebSessions
from app.web.sign_in.recent_sessions import RecentSessions

#: The prefix makes browsers insist on Secure, Path=/ and no Domain: no other host can plant this cookie.
COOKIE = "__Host-triage"
_ATTRIBUTES: Any = {"secure": True, "httponly": True, "samesite": "Lax", "path": "/"}
_LONGEST_ID = 100


class BrowserSession(SessionMixin):
    """A session, looked up on first use, so that a style sheet costs no query.

    As a mapping it holds JSON values that pages keep for each other. The first access may raise SQLAlchemyError.
    """

    def __init__(self, store: WebSessions, recent: RecentSessions, presented: str | None) -> None:
        self.modified = False
        self.counts = True
        """Whether looking it up counts as activity. Set this before first use."""
        self.may_recall = False
        """Whether a recent session suffices while the database is down. Set this before first use."""
        self.session_id = presented
        self.new_id: str | None = None
        """A new id to set in the browser's cookie."""
        self._store = store
        self._recent = recent
        self._found: OpenSession | None = None
        self._recalled: Person | None = None
        self._data: dict[str, Any] | None = None

    @property
    def loaded(self) -> bool:
        """Whether it has been looked up."""
        return self._data is not None

    @property
    def person(self) -> Person | None:
        """The signed-in person, or None."""
        self._load()
        return self._found.person if self._found else self._recalled

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nothing more happens; None without a session."""
        self._load()
        return self._found.ends_at if self._found else None

    @property
    def can_extend(self) -> bool:
        """Whether activity moves its end."""
        self._load()
        return self._found is not None and self._found.ends_at < self._found.ends_at_latest

    @property
    def ended(self) -> bool:
        """Whether the browser's id is no longer valid."""
        self._load()
        return self.session_id is not None and self._found is None and self._recalled is None

    def sign_in(self, person: Person) -> None:
        """Start a session for this person under a new id, and end the old one."""
        if self.session_id is not None:
            self._store.end(self.session_id)
        self.new_id = self.session_id = self._store.begin({}, person=person)
        self._reload()

    def end(self) -> None:
        """End this session."""
        if self.session_id is not None:
            self._store.end(self.session_id)
        self._reload()

    def end_everywhere(self) -> None:
        """End every session of this person, this one included."""
        if (person := self.person) is not None:
            self._store.end_all(person.subject)
        self.end()

    def save(self) -> None:
        """Store changes; starts a session if there is none."""
        if not self.modified or self._data is None or self._recalled is not None:
            return
        if self._found is not None and self.session_id is not None:
            self._keep(self.session_id, self._data)
        elif self._data:
            self.new_id = self.session_id = self._store.begin(self._data)

    def _keep(self, session_id: str, data: dict[str, Any]) -> None:
        try:
            self._store.keep(session_id, data)
        except DBAPIError as error:
            # People can still read. A form that rests on what was not stored could store nothing either.
            if not is_read_only(error):
                raise

    def _load(self) -> dict[str, Any]:
        if self._data is None:
            if self.session_id is not None:
                self._look_up(self.session_id)
            self._data = dict(self._found.data) if self._found else {}
        return self._data

    def _look_up(self, session_id: str) -> None:
        try:
            self._found = self._store.open(session_id, use=self.counts)
        except SQLAlchemyError:
            self._recalled = self._recent.person(session_id) if self.may_recall else None
            if self._recalled is None:
                raise
        else:
            self._recent.confirm(session_id, self._found.person if self._found else None)

    def _reload(self) -> None:
        self._data = self._found = None
        self.modified = False
        self._load()

    def __getitem__(self, key: str) -> Any:
        return self._load()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._load()[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._load()[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


class DatabaseSessions(SessionInterface):
    """Flask's session interface."""

    def __init__(self, store: WebSessions) -> None:
        self._store = store
        self._recent = RecentSessions()

    def open_session(self, app: Flask, request: Request) -> BrowserSession:  # noqa: ARG002  # Flask's signature
        presented = request.cookies.get(COOKIE, "")
        known = presented if 0 < len(presented) <= _LONGEST_ID else None
        return BrowserSession(self._store, self._recent, known)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002
        if not isinstance(session, BrowserSession) or not session.loaded:
            return
        session.save()
        if session.new_id is not None:
            response.set_cookie(COOKIE, session.new_id, **_ATTRIBUTES)
        elif session.ended:
            response.delete_cookie(COOKIE, **_ATTRIBUTES)


def browser_session() -> BrowserSession:
    """The session of the current request."""
    # Flask's `session` is a proxy with the attributes of every session only.
    return cast("BrowserSession", session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
