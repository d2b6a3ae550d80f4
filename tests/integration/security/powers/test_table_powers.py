"""Every login on every table, view and sequence with every privilege, column by column: tried, and compared with a table."""

from itertools import product

import pytest

from tests.integration.security.powers.conftest import acting_as, attempt, lacks_right
from tests.integration.security.powers.database_table import ALL, EXAMPLES, LOGINS, NOBODYS, SCHEMAS, TABLE

RELATIONS = """
SELECT n.nspname || '.' || c.relname, c.relkind = 'S', ARRAY(
    SELECT attname::text FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind IN ('r', 'v', 'm', 'S', 'p', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
"""
BY_COLUMN = {
    "SELECT": 'SELECT "{column}" FROM {table} LIMIT 0',
    "INSERT": 'INSERT INTO {table} ("{column}") VALUES (DEFAULT)',
    "UPDATE": 'UPDATE {table} SET "{column}" = DEFAULT WHERE false',
}
WHOLE = {
    "DELETE": "DELETE FROM {table} WHERE false",
    "TRUNCATE": "TRUNCATE {table}",
    "TRIGGER": "CREATE TRIGGER x BEFORE INSERT ON {table} FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "MAINTAIN": "REINDEX TABLE {table}",
    "LOCK": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "OWNER": "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "POLICY": "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "DROP": "DROP TABLE {table}",
}
SEQUENCE = {
    "SELECT": "SELECT last_value FROM {table}",
    "USAGE": "SELECT nextval('{table}')",
    "UPDATE": "SELECT setval('{table}', 1)",
}


@pytest.fixture(scope="module")
def relations(system):
    with system.stack.services.database.connect("triage") as connection:
        return connection.execute(RELATIONS).fetchall()


def test_every_table_view_and_sequence_has_an_expectation(relations):
    known = {table for powers in TABLE.values() for table in powers} | NOBODYS.keys()
    assert {name for name, _, _ in relations} == known
    assert set(TABLE) == set(LOGINS)


@pytest.mark.parametrize("login", LOGINS)
def test_a_login_has_the_rights_of_the_table_and_no_other(log_in, relations, login):
    connection = log_in(login)
    found, wanted = {}, {}
    for table, is_sequence, columns in relations:
        if is_sequence:
            tries = {(privilege, ALL): text for privilege, text in SEQUENCE.items()}
        else:
            tries = {(privilege, ALL): text for privilege, text in WHOLE.items()}
            tries |= {
                ((privilege, (column,))): text
                for (privilege, text), column in product(BY_COLUMN.items(), columns)
            }
        for (privilege, those), text in tries.items():
            error = attempt(connection, text.format(table=table, column=those[0]))
            if not lacks_right(error) and "must be owner of" not in str(error):
                found.setdefault((table, privilege), set()).update(columns if those == ALL else those)
        for privilege, those, _reason in TABLE[login].get(table, ()):
            wanted[table, privilege] = set(columns if those == ALL else those)
            if privilege == "DELETE":
                wanted[table, "LOCK"] = set(columns)
    assert found == wanted


def test_no_login_refers_to_a_table_and_the_worker_has_no_right_on_any(system, relations):
    privileges = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
    question = "SELECT has_any_column_privilege(%s, %s, %s)"
    with system.stack.services.database.connect("triage") as connection:
        for (table, is_sequence, _), login, privilege in product(relations, LOGINS, privileges):
            if not is_sequence and (
                privilege == "REFERENCES" or login in ("triage_worker", "triage_dispatcher")
            ):
                assert connection.execute(question, [login, table, privilege]).fetchone() == (False,), (
                    login,
                    table,
                )


@pytest.mark.parametrize(("table", "privilege"), EXAMPLES, ids=str)
def test_what_the_pages_write_is_written(administrator, table, privilege):
    """With the effect on one row."""
    administrator.execute(
        "INSERT INTO run (run_id, job_id, requested_by) SELECT gen_random_uuid(), action_id, 'x' FROM action LIMIT 1"
    )
    administrator.execute(
        "INSERT INTO flag (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject, because,"
        " authority_codified, authority_rfo, recommended, raised_at) SELECT gen_random_uuid(), run_id, 1, job_id, 'R01',"
        " 1, 'x', 'blocking', 'x', 'x', 'x', 'x', 'x', now() FROM run WHERE requested_by = 'x'"
    )
    administrator.execute("INSERT INTO saved_view VALUES ('somebody', 'x', 'x')")
    administrator.execute(
        "INSERT INTO draft (owner, flag_id, version, fields) SELECT 'somebody', flag_id, 0, '{}' FROM flag LIMIT 1"
    )
    administrator.execute("INSERT INTO web_session VALUES ('somebody', 'x', 'X', '{}', '{}')")
    administrator.execute(
        "INSERT INTO submission (by, key, digest, at, outcome) VALUES ('x', 'a week old', 'x', now() - interval '8 days', '{}')"
    )
    with acting_as(administrator, "triage_app"):
        assert administrator.execute(EXAMPLES[table, privilege]).rowcount == 1


def test_everything_the_pages_may_write_has_an_example():
    writes = {
        (table, privilege)
        for powers in TABLE.values()
        for table, rows in powers.items()
        for privilege, _, _ in rows
        if privilege != "SELECT"
    }
    assert writes == set(EXAMPLES)


@pytest.mark.parametrize(("database", "login"), SCHEMAS, ids=str)
def test_a_login_names_objects_of_its_schemas_and_creates_nothing(log_in, database, login):
    connection = log_in(login, database)
    query = (
        "SELECT nspname, has_schema_privilege(nspname, 'USAGE') FROM pg_namespace"
        " WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
    )
    schemas = dict(connection.execute(query).fetchall())
    assert {name for name, may in schemas.items() if may} == SCHEMAS[database, login]
    for schema in (*schemas, "pg_catalog", "pg_temp"):
        for statement in (
            "CREATE TABLE {}.x (y int)",
            "CREATE VIEW {}.x AS SELECT 1",
            "CREATE SEQUENCE {}.x",
        ):
            assert lacks_right(attempt(connection, statement.format(schema))), (schema, statement)
