"""A database that cannot be used says why in one line, and what to do: on the real server, each in its own words."""

import psycopg
import pytest
from sqlalchemy import make_url, text

from app.connections.database import connect
from app.connections.database_trouble import trouble


@pytest.fixture
def administrator(pages_alone):
    with pages_alone.stack.services.database.connect("postgres") as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def words(pages_alone):
    """What is said when a statement is tried with the login of the pages."""
    settings = pages_alone.settings("web")
    here = make_url(settings.database_url)

    def said(statement="SELECT 1", **place):
        url = here.set(**place).render_as_string(hide_password=False)
        engine = connect(settings.model_copy(update={"database_url": url}), pool_size=1)
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        except Exception as error:  # noqa: BLE001  # the words are what counts
            line = trouble(error)
            assert "\n" not in line
            return line
        finally:
            engine.dispose()
        return None

    assert said() is None
    return said


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ({"username": "nobody"}, "refused the password of nobody (DATABASE_PASSWORD_FILE)"),
        (
            {"database": "missing"},
            "has no database missing: correct the address, or run `triage provision database`",
        ),
        ({"port": 1}, "does not answer (connection refused)"),
        ({"host": "missing.invalid"}, "does not answer (no such host: missing.invalid)"),
    ],
)
def test_a_wrong_address_is_told_by_its_part(words, place, line):
    assert words(**place) == f"the database {line}"


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("SELECT * FROM attempt_proof", "refused (a right is missing): run `triage provision database`"),
        ("SELECT * FROM missing", "lacks a table of this version: run `triage provision database`"),
        ("SELECT missing FROM run", "lacks a column of this version: run `triage provision database`"),
        ("SELECT missing(1)", "lacks a function of this version: run `triage provision database`"),
        ("SET statement_timeout = 1; SELECT pg_sleep(5)", "did not finish a statement within 10 s"),
        (
            "SET TRANSACTION READ ONLY; DELETE FROM web_session",
            "is read-only: it is a standby, or was set so",
        ),
    ],
)
def test_a_statement_that_fails_is_told_by_the_cause(words, statement, line):
    assert words(statement) == f"the database {line}"


def test_a_server_without_a_free_connection_says_so(words, administrator):
    administrator.execute("ALTER ROLE triage_app CONNECTION LIMIT 0")
    try:
        assert words() == "the database has no connection free for triage_app (too many connections)"
    finally:
        administrator.execute("ALTER ROLE triage_app CONNECTION LIMIT -1")


def test_a_closed_login_says_so(words, administrator):
    administrator.execute("ALTER ROLE triage_app NOLOGIN")
    try:
        assert words() == "the database does not let triage_app log in: its login was closed"
    finally:
        administrator.execute("ALTER ROLE triage_app LOGIN")


@pytest.mark.parametrize(
    ("fatal", "line"),
    [
        ("the database system is starting up", "is starting up, and takes no connections yet"),
        ("the database system is in recovery mode", "recovers from a crash, and takes no connections yet"),
        ("the database system is shutting down", "is shutting down"),
        ("sorry, too many clients already", "has no connection free for this login (too many connections)"),
        (
            "remaining connection slots are reserved",
            "has no connection free for this login (too many connections)",
        ),
        ('database "x" is not currently accepting connections', "takes no connections to this database"),
        ("something new", "refused (something new)"),
    ],
)
def test_what_a_server_says_as_it_refuses_a_connection_has_plain_words(fatal, line):
    assert trouble(psycopg.OperationalError(f"connection failed: FATAL:  {fatal}")) == f"the database {line}"
