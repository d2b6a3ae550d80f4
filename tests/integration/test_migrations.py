"""The migrations make the tables that the models describe, and functions that nobody can misuse."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql
from sqlmodel import SQLModel

from app.credentials import vault_tables  # noqa: F401  # fills SQLModel.metadata
from app.reconciliation import tables as use_tables  # noqa: F401  # fills SQLModel.metadata
from app.review import tables as review_tables  # noqa: F401  # fills SQLModel.metadata
from app.store import tables as store_tables  # noqa: F401  # fills SQLModel.metadata


# SQLAlchemy reflects a constraint that is NOT VALID with an option that it then does not know.
@pytest.mark.filterwarnings("ignore:Can't validate argument 'dialect_options'")
def test_the_models_are_the_migrated_tables(system):
    with system.sessions() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, SQLModel.metadata) == []


def test_no_function_with_the_owners_rights_is_open_to_callers(system):
    functions = system.rows(
        "SELECT proname, proconfig, proacl::text[] AS rights FROM pg_proc"
        " WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    assert {function["proname"] for function in functions} >= {
        "describe_flag",
        "supersede_flags",
        "tally_flags",
    }
    for function in functions:
        path, *plans = function["proconfig"]
        assert path == "search_path=pg_catalog, public, pg_temp", function["proname"]
        assert all(setting.startswith(("enable_", "plan_cache_mode=")) for setting in plans), function[
            "proname"
        ]
        assert not [right for right in function["rights"] if right.startswith("=")], function["proname"]


def test_a_temporary_table_does_not_stand_in_for_a_real_one(system):
    (run,) = system.run("ACT-2026-0012")
    server = system.stack.services.database
    with server.connect("triage") as connection, connection.transaction(force_rollback=True):
        connection.execute("CREATE TEMP TABLE flag_tally (LIKE public.flag_tally)")
        connection.execute("CREATE TEMP TABLE flag (LIKE public.flag)")
        tallied = sql.SQL("SELECT sum(flags) FROM {} WHERE status = 'referred'")
        connection.execute("ALTER TABLE public.flag DISABLE TRIGGER changed_by_an_event")
        before = connection.execute(tallied.format(sql.Identifier("public", "flag_tally"))).fetchone()[0] or 0
        changed = connection.execute(
            "UPDATE public.flag SET status = 'referred' WHERE run_id = %s", [run]
        ).rowcount
        after = connection.execute(tallied.format(sql.Identifier("public", "flag_tally"))).fetchone()[0]
        assert (changed > 0, after - before) == (True, changed)
        assert connection.execute("SELECT count(*) FROM pg_temp.flag_tally").fetchone()[0] == 0
