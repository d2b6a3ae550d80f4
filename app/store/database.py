"""Connections to PostgreSQL. Made once per process, after any fork."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings
from app.store.compatibility import STATEMENT_TIMEOUT, TIME_ZONE, guard

#: Opens a session; use it as `with sessions.begin() as session:` so that leaving the block commits or rolls back.
Sessions = sessionmaker[Session]


def connect(settings: Settings, *, pool_size: int = 8) -> Engine:
    """An engine for `DATABASE_URL`. Statements may take 10 s, and a lost server is noticed within 5 s."""
    engine = create_engine(
        settings.need("database_url"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        # The connection used last is used next: it has the statements prepared already.
        pool_use_lifo=True,
        pool_timeout=10,
        # Error texts would otherwise repeat the values of the failing statement in logs and tracebacks.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT} -c idle_in_transaction_session_timeout=30s -c timezone={TIME_ZONE}",
            "client_encoding": "utf8",
        },
    )
    guard(engine)
    return engine


def sessions(engine: Engine) -> Sessions:
    """A session factory whose objects stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


def unanswered(error: OperationalError) -> str:
    """Why."""
    return " ".join(str(error.orig).split())
