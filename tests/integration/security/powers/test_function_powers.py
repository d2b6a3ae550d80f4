"""Every login on every function: tried, compared with a table, and refused without the proof of an attempt."""
# ruff: noqa: S608 - every statement is one of the table

import psycopg
import pytest

from tests.integration.security.powers.conftest import acting_as, attempt, lacks_right
from tests.integration.security.powers.database_table import LOGINS
from tests.integration.security.powers.function_table import ENDED, EXAMPLES, LEDGER, NOBODYS, R, W

FUNCTIONS = """
SELECT CASE nspname WHEN 'public' THEN proname ELSE nspname || '.' || proname END,
    format('SELECT %I.%I(%s)', nspname, proname, (
        SELECT string_agg('NULL::' || format_type(kind, NULL), ', ' ORDER BY place)
        FROM unnest(proargtypes) WITH ORDINALITY AS it (kind, place))),
    prosecdef, coalesce(array_to_string(proconfig, ' '), '')
FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
"""
SCENE = f"""
INSERT INTO run (run_id, job_id, requested_by, state, attempt)
SELECT {R}::uuid, min(action_id), 'x', 'dispatched', 1 FROM action
UNION ALL SELECT {W}, min(action_id), 'x', 'requested', 0 FROM action;
INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor, wrapping_accessor)
VALUES ({R}, 1, 'dispatched', now(), now() + interval '1 min', 'x', 'x');
INSERT INTO attempt_proof VALUES ({R}, 1, sha256('P'))
"""
FENCED = [name for name, example in EXAMPLES.items() if "'P'" in example.call]


@pytest.fixture
def scene(administrator):
    administrator.execute(SCENE)
    return administrator


def prepare(scene, name):
    """What an example rests on."""
    for earlier in EXAMPLES[name].after:
        with acting_as(scene, EXAMPLES[earlier].logins[0]):
            scene.execute(f"SELECT {EXAMPLES[earlier].call}")
    if EXAMPLES[name].prepare:
        scene.execute(EXAMPLES[name].prepare)


@pytest.mark.parametrize(
    ("database", "logins"), [("triage", LOGINS), ("ledger", ("triage_sweeper",))], ids=["triage", "ledger"]
)
def test_who_calls_a_function_is_in_the_table(system, log_in, database, logins):
    with system.stack.services.database.connect(database) as connection:
        functions = connection.execute(FUNCTIONS).fetchall()
    wanted = {name: set(example.logins) for name, example in EXAMPLES.items()} | {
        name: set() for name in NOBODYS
    }
    if database == "ledger":
        wanted = {name: set(callers) for name, callers in LEDGER.items()}
    found = {
        name: {login for login in logins if not lacks_right(attempt(log_in(login, database), call))}
        for name, call, _, _ in functions
    }
    assert found == wanted
    for name, _, is_definer, settings in functions:
        assert not is_definer or settings.startswith("search_path=pg_catalog, "), name
        assert not is_definer or "pg_temp" in settings, name


@pytest.mark.parametrize(
    ("name", "login"),
    [(name, login) for name, example in EXAMPLES.items() for login in example.logins],
    ids=str,
)
def test_a_function_does_what_it_is_for(scene, name, login):
    prepare(scene, name)
    check = EXAMPLES[name].check
    if check != "SELECT true":
        assert scene.execute(check).fetchone() in ((False,), (None,))
    with acting_as(scene, login):
        rows = scene.execute(f"SELECT * FROM {EXAMPLES[name].call} AS answer").fetchall()
    assert rows
    assert scene.execute(check).fetchone() == (True,)


@pytest.mark.parametrize("name", FENCED)
@pytest.mark.parametrize("proof", ["'Q'", "NULL", "''", "sha256('P')"])
def test_a_worker_can_do_nothing_to_an_attempt_whose_message_it_has_not_taken(scene, name, proof):
    prepare(scene, name)
    with acting_as(scene, "triage_worker"):
        error = attempt(scene, f"SELECT {EXAMPLES[name].call.replace(chr(39) + 'P' + chr(39), proof)}")
    if name == "claim_attempt" and proof == "NULL":
        assert error is None  # and there is nothing to do
    else:
        assert isinstance(error, psycopg.errors.InsufficientPrivilege)
        assert "the proof is not that of this attempt" in str(error)


@pytest.mark.parametrize("name", [name for name in FENCED if name not in ("claim_attempt", "raise_alarm")])
@pytest.mark.parametrize("state", ["dispatched", "failed"])
def test_a_worker_can_do_nothing_to_an_attempt_that_it_has_not_claimed_or_that_has_ended(scene, name, state):
    if state == "failed":
        prepare(scene, name)
        scene.execute(ENDED)
    with acting_as(scene, "triage_worker"):
        error = attempt(scene, f"SELECT {EXAMPLES[name].call}")
    assert isinstance(error, psycopg.errors.InsufficientPrivilege)
    assert f"it is {state}" in str(error)


def test_the_first_part_of_the_table_names_every_function_once():
    assert not EXAMPLES.keys() & NOBODYS.keys()
    assert all(example.logins and example.reason for example in EXAMPLES.values())
