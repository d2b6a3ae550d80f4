"""Which errors of the database mean that it is away, so that they are nothing against the run."""

from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import exc

from app.credentials.attempts import AttemptRecords, RecordsUnavailableError

AWAY = [
    (exc.OperationalError, psycopg.OperationalError("server closed the connection unexpectedly")),
    (exc.OperationalError, errors.AdminShutdown()),
    (exc.InterfaceError, psycopg.InterfaceError("connection pointer is NULL")),
    (exc.DatabaseError, psycopg.DatabaseError("lost synchronization with server")),
    (exc.InternalError, psycopg.InternalError("unexpected response from server")),
    (exc.InternalError, errors.ReadOnlySqlTransaction()),
    (exc.InternalError, errors.IdleInTransactionSessionTimeout()),
]
OF_THE_RUN = [
    (exc.DataError, psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")),
    (exc.DataError, errors.NumericValueOutOfRange()),
    (exc.IntegrityError, errors.CheckViolation()),
    (exc.InternalError, errors.RaiseException()),
    (exc.OperationalError, errors.ProgramLimitExceeded()),
]


def recorded(kind, error):
    @contextmanager
    def begin():
        yield None

    def store(_):
        raise kind("", None, error)

    engine = SimpleNamespace(begin=begin, execution_options=lambda **_: engine)
    AttemptRecords(engine, lease=timedelta(seconds=1)).finished(store=store)


@pytest.mark.parametrize(("kind", "error"), AWAY)
def test_what_is_no_answer_to_the_statement_means_that_the_database_is_away(kind, error):
    with pytest.raises(RecordsUnavailableError):
        recorded(kind, error)


@pytest.mark.parametrize(("kind", "error"), OF_THE_RUN)
def test_what_the_statement_was_given_is_not_mistaken_for_it(kind, error):
    with pytest.raises(kind):
        recorded(kind, error)
