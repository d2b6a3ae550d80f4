"""Sessions of the pages. The database knows the SHA-256 of a session's id, never the id."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import DBAPIError

from app.connections.database import Sessions
from app.connections.database_trouble import is_read_only
from app.credentials.tables import table_of
from app.review.roles import Person
from app.review.tables import WebSessionRow

SESSION = table_of(WebSessionRow)
_TOUCH = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """A valid session. `person` is None before sign-in; `ends_at` is when it ends without further activity."""

    person: Person | None
    data: Mapping[str, Any]
    ends_at: datetime
    ends_at_latest: datetime


class WebSessions:
    """Opens and ends sessions. A session ends `idle` after its last use, and `lifetime` after sign-in at the latest.

    The last use is written at most once a minute, so that most page views write nothing. A session may therefore end
    up to a minute early.
    """

    def __init__(self, sessions: Sessions, *, idle: timedelta, lifetime: timedelta) -> None:
        self._sessions = sessions
        self._idle = idle
        self._lifetime = lifetime
        its = and_(SESSION.c.id_hash == bindparam("presented"), self._alive())
        self._look = select(SESSION).where(its)
        touched = (
            update(SESSION)
            .where(its, SESSION.c.seen_at <= func.now() - min(_TOUCH, idle / 15))
            .values(seen_at=func.now())
            .returning(SESSION)
            .cte("touched")
        )
        untouched = self._look.where(~exists(select(touched.c.id_hash)))
        self._use = union_all(select(touched), untouched)

    def open(self, session_id: str, *, use: bool) -> OpenSession | None:
        """The session with this id, or None if it has ended. `use` says whether this counts as activity."""
        row = self._row(session_id, use=use)
        if row is None:
            return None
        latest = row["created_at"] + self._lifetime
        person = None
        if row["subject"] is not None:
            person = Person.of(subject=row["subject"], name=row["name"] or row["subject"], roles=row["roles"])
        return OpenSession(
            person=person,
            data=row["data"],
            ends_at=min(row["seen_at"] + self._idle, latest),
            ends_at_latest=latest,
        )

    def _row(self, session_id: str, *, use: bool) -> RowMapping | None:
        try:
            with self._sessions() as db:
                # One statement, on each page: to begin and to commit would double the way to the database and back.
                db.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
                asked = self._use if use else self._look
                return db.execute(asked, {"presented": _hash(session_id)}).mappings().one_or_none()
        except DBAPIError as error:
            if not use or not is_read_only(error):
                raise
            # People can still read, although their activity cannot be stored.
            return self._row(session_id, use=False)

    def begin(self, data: Mapping[str, Any], *, person: Person | None = None) -> str:
        """Start a session. Returns its id: 256 random bits, which only the browser learns."""
        session_id = token_urlsafe(32)
        row = {"id_hash": _hash(session_id), "data": dict(data), "roles": []}
        if person is not None:
            roles = sorted(role.value for role in person.roles)
            row |= {"subject": person.subject, "name": person.name, "roles": roles}
        with self._sessions.begin() as db:
            db.execute(delete(SESSION).where(~self._alive()))
            db.execute(insert(SESSION).values(row))
        return session_id

    def keep(self, session_id: str, data: Mapping[str, Any]) -> None:
        """Replace the data of a session. Does nothing if the session has ended."""
        with self._sessions.begin() as db:
            db.execute(update(SESSION).where(SESSION.c.id_hash == _hash(session_id)).values(data=dict(data)))

    def end(self, session_id: str) -> None:
        """End one session."""
        with self._sessions.begin() as db:
            db.execute(delete(SESSION).where(SESSION.c.id_hash == _hash(session_id)))

    def end_all(self, subject: str) -> int:
        """End every session of a person. Returns their number."""
        with self._sessions.begin() as db:
            ended = db.scalars(
                delete(SESSION).where(SESSION.c.subject == subject).returning(SESSION.c.id_hash)
            )
            return len(ended.all())

    def _alive(self) -> ColumnElement[bool]:
        """By the database's clock, which all processes share. Without sign-in, a session lives for `idle` in all."""
        return and_(
            SESSION.c.seen_at > func.now() - self._idle,
            SESSION.c.created_at > func.now() - self._lifetime,
            or_(SESSION.c.subject.is_not(None), SESSION.c.created_at > func.now() - self._idle),
        )


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
