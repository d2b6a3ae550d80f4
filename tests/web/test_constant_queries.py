"""A page sends as many statements with many rows as with few. The database is separate and filled directly."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, text

from app.review.roles import Permission, Person
from app.web.access import ACCESS
from app.web.sign_in.provider import Provider
from benchmarks import crowd
from benchmarks.officer import ALONE, database, officer
from infra.local.stack import LocalStack
from infra.provision.logins import APPLICATION

#: Statements one page may send, the look-up of the session among them.
MOST = 25
#: The same for a contract file, which also reads the anchors of the log, and all sides of each of its runs.
MOST_OF_A_FILE = 34
OFFICER = Person.of(subject="officer-a", name="Contracting officer A", roles=["officer", "auditor"])
#: No pages: some answer for as long as the connection lasts, others are files written in parts. The last are pages
#: where a presenter's process runs, which it does not here.
NO_PAGES = {
    *("news.events", "runs.events", "exports.flags_csv", "exports.flags_json", "exports.vault_log"),
    *("tour.show", "rehearsals.show", "days.queue", "days.show", "days.download"),
}
#: What an address needs behind its "?" to be more than an empty page.
QUERIES = {
    "flags.queue": (
        "",
        "q=invented",
        "rule=E01&sort=raised",
        "assignee=nobody",
        "vendor=EXAMPLE+VENDOR+1+LLC",
    ),
    "bulk.look": ("do=confirmed&{flags}", "do=assign&{flags}"),
    "news.since": ("since={moment}",),
    "log_lines.search": ("", "text=127.0.0.1", "identity=nobody", "run={run_id}", "kind=login-refused"),
    "api.log_lines": ("", "tool=ledger&text=127.0.0.1"),
}
TOKEN = {"Authorization": "Bearer of an officer"}
#: More of everything a page about one run, flag, call or vendor shows.
MORE = (
    """
    INSERT INTO attempt SELECT (jsonb_populate_record(attempt, jsonb_build_object('number', n))).*
    FROM attempt, generate_series(2, 4) AS n
    """,
    """
    INSERT INTO step
    SELECT (jsonb_populate_record(step, jsonb_build_object('step_id', gen_random_uuid(), 'attempt', n))).*
    FROM step, generate_series(2, 4) AS n
    """,
    """
    INSERT INTO credential
    SELECT (jsonb_populate_record(credential, jsonb_build_object('credential_id', gen_random_uuid(),
        'request_id', gen_random_uuid(), 'fingerprint', gen_random_uuid(), 'attempt', n))).*
    FROM credential, generate_series(2, 4) AS n
    """,
    """
    INSERT INTO call SELECT (jsonb_populate_record(call, jsonb_build_object('call_id', gen_random_uuid()))).*
    FROM call, generate_series(1, 7)
    """,
    """
    INSERT INTO alarm (alarm_id, run_id, attempt, kind, detail, raised_at)
    SELECT gen_random_uuid(), run_id, 1, 'late', 'It took long.', now() FROM run, generate_series(1, 3)
    """,
    """
    INSERT INTO compared_value
    SELECT (jsonb_populate_record(compared_value, jsonb_build_object('position', n))).*
    FROM compared_value, generate_series(5, 9) AS n WHERE position = 0
    """,
    """
    INSERT INTO review_event (event_id, flag_id, number, kind, by, by_name, at, rationale, assignee, digest)
    SELECT gen_random_uuid(), flag_id, n, 'assigned', by, by_name, at, '', by, digest
    FROM review_event, generate_series(2, 9) AS n
    """,
    "UPDATE flag SET version = 9 WHERE version > 0",
)
#: One flag of the run was decided, and is about the same as the others.
ONE_FACT = "UPDATE flag SET fact_key = 'the same'"
#: What agrees on all sides needs no second look.
DIFFERENT = "UPDATE credential SET lease_id = 'another'"
AN_ALARM = (
    "INSERT INTO alarm (run_id, attempt, kind, detail) SELECT run_id, 1, 'late', 'It took long.' FROM run"
)
AN_ORDER = (
    "INSERT INTO switch_order (kind, target, turn, reason, ordered_by, ordered_by_name)"
    " SELECT 'tool', 'ledger', 'off', 'A drill.', 'o', 'O' FROM generate_series(1, %s)"
)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to any database from this process meanwhile."""
    sent: list[str] = []

    def note(*told: object) -> None:
        sent.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def _a_token(monkeypatch):
    """Any `Authorization` header counts as an officer's: there is no identity provider here."""
    monkeypatch.setattr(Provider, "bearer", lambda *_: OFFICER)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A database server and the application, nothing else."""
    with LocalStack(tmp_path_factory.mktemp("alone"), options=ALONE) as stack:
        server = database(stack)
        client = officer(stack)
        with server.connect(APPLICATION) as connection:
            connection.execute("SET session_replication_role = replica")
            yield client, connection
        client.application.extensions["triage.services"].close()


def addresses(client, connection) -> dict[str, str]:
    """Every page an officer may get, by a name that stays the same, as addresses of rows that are there."""
    known = connection.execute(
        "SELECT flag_id, run_id, action_id, call_id FROM flag JOIN call USING (run_id)"
        " JOIN answer USING (call_id) ORDER BY version, raised_at LIMIT 1"
    ).fetchone()
    values = dict(zip(("flag_id", "run_id", "action_id", "call_id"), known, strict=True))
    flags = connection.execute("SELECT flag_id FROM flag LIMIT 25").fetchall()
    queries = {
        "flags": "&".join(f"flag={flag_id}" for (flag_id,) in flags),
        "run_id": known[1],
        "moment": re.search(r'data-since="([^"]+)"', client.get("/flags").text)[1],
    }
    (alarm_id,) = connection.execute("SELECT alarm_id FROM alarm LIMIT 1").fetchone()
    (order_id,) = connection.execute("SELECT order_id FROM switch_order LIMIT 1").fetchone()
    values |= {
        "alarm_id": alarm_id,
        "order_id": order_id,
        "uei": "ZZ9BENCH0001",
        "form": "decision",
        "position": 0,
    }
    found = {}
    with client.application.test_request_context():
        for rule in client.application.url_map.iter_rules():
            needed = ACCESS[rule.endpoint]
            wanted = isinstance(needed, Permission) and OFFICER.may(needed)
            if not wanted or "GET" not in rule.methods or rule.endpoint in NO_PAGES:
                continue
            assert rule.arguments <= values.keys(), f"{rule}: name a row for the argument"
            _, path = rule.build({name: values[name] for name in rule.arguments})
            for query in QUERIES.get(rule.endpoint, ("",)):
                found[f"{rule.endpoint} {query}"] = f"{path}?{query.format(**queries)}"
    return found


def asked(client, connection) -> dict[str, tuple[int, int]]:
    """Status and number of statements of each page."""
    numbers = {}
    for name, address in addresses(client, connection).items():
        # The first visit may write what later ones do not, such as the seed of the form's token.
        client.get(address, buffered=True, headers=TOKEN)
        with statements() as sent:
            answer = client.get(address, buffered=True, headers=TOKEN)
        numbers[name] = answer.status_code, len(sent)
    return numbers


def test_a_page_asks_as_much_with_many_rows_as_with_few(alone):
    client, connection = alone
    crowd.fill(connection, runs=1, flags=3)
    connection.execute(ONE_FACT)
    connection.execute(DIFFERENT)
    connection.execute(AN_ALARM)
    connection.execute(AN_ORDER, [1])
    few = asked(client, connection)
    connection.execute("TRUNCATE action, flag_tally, alarm CASCADE")
    crowd.fill(connection, runs=150, flags=1800)
    for statement in (*MORE, ONE_FACT, DIFFERENT):
        connection.execute(statement)
    connection.execute(AN_ORDER, [30])
    many = asked(client, connection)
    assert {status for status, _ in many.values()} <= {200, 302}
    assert {name: number for name, number in many.items() if number != few[name]} == {}
    most = {
        name: MOST_OF_A_FILE if name.startswith(("exports.contract_file", "api.contract_file")) else MOST
        for name in many
    }
    assert {name: number for name, (_, number) in many.items() if number > most[name]} == {}


def test_a_file_of_many_flags_holds_them_all(alone):
    """More than are read at once."""
    client, connection = alone
    connection.execute("TRUNCATE action, flag_tally, alarm CASCADE")
    crowd.fill(connection, runs=110, flags=1210)
    lines = client.get("/flags.csv?status=any", buffered=True).text.splitlines()
    assert len(lines) == 1 + 1210
    assert len(set(lines)) == len(lines)


def test_statements_stay_prepared_from_page_to_page(alone):
    """A transaction that is rolled back would forget them all."""
    client, connection = alone
    connection.execute("TRUNCATE action, flag_tally, alarm CASCADE")
    crowd.fill(connection, runs=1, flags=3)
    connection.execute(AN_ALARM)
    connection.execute(AN_ORDER, [1])
    address = addresses(client, connection)["flags.show "]
    for _ in range(8):
        client.get(address)
    its = client.application.extensions["triage.services"].database
    with its.connect() as same:
        prepared = same.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    with statements() as sent:
        client.get(address)
    assert len(prepared) >= len(set(sent))
