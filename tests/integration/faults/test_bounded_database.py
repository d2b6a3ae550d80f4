"""A database that hangs or trickles holds nobody: the statement fails in time, and the next one finds it again."""

import select
import time
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.connections import bounded_database, database
from app.connections.database_trouble import trouble
from benchmarks.fault_proxy import TcpFaults

MUCH = text("SELECT repeat('x', 100000)")
#: Seconds: what a statement gets here, and what a loaded machine may add.
WAIT, PATIENCE = 1.0, 10.0


@pytest.fixture
def behind_proxy(pages_alone, monkeypatch):
    """The proxy, and an engine whose waits are short."""
    settings = pages_alone.settings("web")
    port = urlsplit(settings.database_url).port
    with TcpFaults(port) as proxy:
        led = settings.database_url.replace(f":{port}", f":{proxy.port}")
        engine = database.connect(settings.model_copy(update={"database_url": led}), pool_size=1)
        with engine.connect() as first:
            assert first.scalar(text("SELECT 1")) == 1
        monkeypatch.setattr(bounded_database, "LONGEST_WAIT", WAIT)
        monkeypatch.setattr(database, "_CONNECT", WAIT)
        yield proxy, engine
        proxy.heal()
        engine.dispose()


def asked(engine):
    with engine.connect() as connection:
        return connection.scalar(MUCH)


@pytest.mark.parametrize("fault", ["hang", "trickle", "html", "garbage", "truncate", "refuse"])
def test_a_statement_ends_and_the_next_one_finds_the_database_again(behind_proxy, fault):
    proxy, engine = behind_proxy
    proxy.inflict(fault)
    for _ in range(2):  # on the connection that was open, and on a new one
        began = time.monotonic()
        with pytest.raises(OperationalError) as caught:
            asked(engine)
        assert time.monotonic() - began < 3 * WAIT + PATIENCE
        assert trouble(caught.value).startswith("the database ")
    proxy.heal()
    assert len(asked(engine)) == 100_000


def test_a_late_answer_is_never_taken_for_that_of_the_next_statement(behind_proxy):
    proxy, engine = behind_proxy
    with engine.connect() as connection:
        proxy.inflict("hang")
        with pytest.raises(OperationalError, match="timeout expired"):
            connection.execute(text("SELECT 'late'"))
        proxy.heal()
        assert connection.invalidated
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 'next'")) == "next"


def test_a_connection_that_the_server_ended_right_after_its_use_is_replaced(pages_alone):
    engine = database.connect(pages_alone.settings("web"), pool_size=1, trusted=60)
    with engine.connect() as first:
        ended = first.connection.driver_connection
        pid = first.scalar(text("SELECT pg_backend_pid()"))
    pages_alone.rows("SELECT pg_terminate_backend(%s)", pid)
    assert select.select([ended.fileno()], [], [], PATIENCE)[0]
    with engine.connect() as second:
        assert second.scalar(text("SELECT pg_backend_pid()")) != pid
    engine.dispose()


@pytest.mark.parametrize("trusted", [60, 0])
def test_only_a_connection_that_was_in_use_a_moment_ago_is_trusted(pages_alone, behind_proxy, trusted):
    proxy, engine = behind_proxy
    settings = pages_alone.settings("web")
    led = engine.url.render_as_string(hide_password=False)
    other = database.connect(settings.model_copy(update={"database_url": led}), pool_size=1, trusted=trusted)
    with other.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    proxy.inflict("hang")
    if trusted:
        with other.connect() as connection:
            assert not connection.closed
    else:
        with pytest.raises(OperationalError):
            other.connect()
    other.dispose()
