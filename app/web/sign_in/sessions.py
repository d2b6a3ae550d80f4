"""The session of a browser: an id in a cookie, everything else in the database."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from app.domain.roles import Person
from app.store.web_sessions import OpenSession, WebSessions

#: The prefix makes browsers insist on Secure, Path=/ and no Domain: no other host can plant this cookie.
COOKIE = "__Host-triage"
_LONGEST_ID = 100


class BrowserSession(SessionMixin):
    """Looked up when something first asks for it, so that a style sheet costs no query.

    As a mapping it holds what pages keep for each other, as JSON values.
    """

    def __init__(self, store: WebSessions, presented: str | None) -> None:
        self.modified = False
        self.use = True
        """Whether looking it up counts as activity; to be set before anything is asked."""
        self.session_id = presented
        self._store = store
        self._found: OpenSession | None = None
        self._data: dict[str, Any] | None = None
        self.new_id: str | None = None
        """An id the browser has still to be told."""

    @property
    def loaded(self) -> bool:
        """Whether anything has asked for it."""
        return self._data is not None

    @property
    def person(self) -> Person | None:
        """Who signed in, if anybody. Raises SQLAlchemyError, as does whatever asks first."""
        self._load()
        return self._found.person if self._found else None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nothing more happens; None without a session."""
        self._load()
        return self._found.ends_at if self._found else None

    @property
    def ends_at_latest(self) -> datetime | None:
        """When it ends whatever happens; None without a session."""
        self._load()
        return self._found.ends_at_latest if self._found else None

    @property
    def found(self) -> bool:
        """Whether the browser's id names a session that has not ended."""
        self._load()
        return self._found is not None

    def sign_in(self, person: Person) -> None:
        """A new session for this person, under an id nobody has seen before; the old one ends."""
        if self.session_id is not None:
            self._store.end(self.session_id)
        self.new_id = self.session_id = self._store.begin({}, person=person)
        self._reload()

    def end(self) -> None:
        """End it."""
        if self.session_id is not None:
            self._store.end(self.session_id)
        self._reload()

    def end_everywhere(self) -> None:
        """End every session of this person, this one included."""
        if (person := self.person) is not None:
            self._store.end_all(person.subject)
        self.end()

    def save(self) -> None:
        """Write what changed; begins a session if there was none."""
        if not self.modified or self._data is None:
            return
        if self._found is not None and self.session_id is not None:
            self._store.keep(self.session_id, self._data)
        elif self._data:
            self.new_id = self.session_id = self._store.begin(self._data)

    def _load(self) -> dict[str, Any]:
        if self._data is None:
            if self.session_id is not None:
                self._found = self._store.open(self.session_id, use=self.use)
            self._data = dict(self._found.data) if self._found else {}
        return self._data

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
    """What Flask asks for a request's session, and hands it back to."""

    def __init__(self, store: WebSessions) -> None:
        self.store = store

    def open_session(self, app: Flask, request: Request) -> BrowserSession:  # noqa: ARG002  # Flask's signature
        presented = request.cookies.get(COOKIE)
        return BrowserSession(self.store, presented if presented and len(presented) <= _LONGEST_ID else None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002
        if not isinstance(session, BrowserSession) or not session.loaded:
            return
        session.save()
        if session.new_id is not None:
            response.set_cookie(COOKIE, session.new_id, secure=True, httponly=True, samesite="Lax", path="/")
        elif session.session_id is not None and not session.found:
            response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
