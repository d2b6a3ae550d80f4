"""The tables of an earlier version become those of this one, with all they hold."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from psycopg.rows import dict_row
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from app.review import tables as review_tables  # noqa: F401  # fills SQLModel.metadata
from app.store import tables as store_tables  # noqa: F401  # fills SQLModel.metadata

MIGRATIONS = Path(__file__).parents[2] / "app" / "store" / "migrations"
DATABASE = "earlier"
RUN = (
    "INSERT INTO action (action_id, action_type, piid, amount, effective_date, description, vendors, terms, submitted_at)"
    " VALUES ('A', 'new_award', 'P', 1, now(), '', '[]', '{}', now());"
    "INSERT INTO run (run_id, action_id, state, attempt, requested_by, requested_at)"
    " VALUES (%(run)s, 'A', 'completed', 1, 'test', now());"
    "INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor, wrapping_accessor)"
    " VALUES (%(run)s, 1, 'finished', now(), now(), '', '');"
)
STEP = (
    "INSERT INTO step (step_id, run_id, attempt, number, tool, question, reason, outcome)"
    " VALUES (gen_random_uuid(), %(run)s, 1, %(number)s, 'ledger', '?', 'because', %(outcome)s)"
)


@pytest.fixture
def server(system):
    server = system.stack.services.database
    with server.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    yield server
    with server.connect("postgres") as connection:
        connection.execute(f"DROP DATABASE {DATABASE}")


@pytest.fixture
def engine(server):
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(**server.parameters(DATABASE)),
        poolclass=NullPool,
    )


@pytest.fixture
def migrations(engine):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def test_what_was_stored_before_stays_and_tells_what_it_can(server, migrations, engine):
    command.upgrade(migrations, "0001")
    run = uuid4()
    with server.connect(DATABASE) as connection:
        for statement in filter(None, RUN.split(";")):
            connection.execute(statement, {"run": run})
        for number, outcome in ((1, "answered"), (2, "not needed")):
            connection.execute(STEP, {"run": run, "number": number, "outcome": outcome})
    command.upgrade(migrations, "0002")
    with server.connect(DATABASE) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        first, second = cursor.execute("SELECT * FROM step ORDER BY number").fetchall()
        assert cursor.execute("SELECT goal FROM run").fetchall() == [{"goal": None}]
    assert (first["needed"], first["why_not"], first["rules"], first["after"]) == (True, None, None, None)
    assert (second["needed"], second["why_not"]) == (False, "because")
    command.downgrade(migrations, "0001")
    command.upgrade(migrations, "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
