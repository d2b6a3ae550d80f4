"""The vault's log becomes its record in the database: of a real vault, by the sweeper's own login."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import cycle
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import event as database_event
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.credentials.log_follower import LogFollower
from app.credentials.vault_answer import AnswerKind, Hidden, VaultEvent
from app.credentials.watch import WatchedAttempt, judge
from app.credentials.watched_attempts import WatchedAttempts
from app.procurement.systems import SYSTEMS
from tests.conftest import wait_until
from workers.tools import registry

TOOLS = registry()
LEDGER = "database/creds/ledger-reader"
#: An attempt whose plan needs one tool of two.
AT_WORK = (
    """
    INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at)
    VALUES (%(run)s, 'ACT-1', 'dispatched', 3, 'test', now())
    """,
    """
    INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, claimed_at, secret_id_accessor,
        wrapping_accessor, login_request_id)
    VALUES (%(run)s, 3, 'running', now(), now(), now(), 'a', 'b', 'the login')
    """,
    """
    INSERT INTO step (step_id, run_id, attempt, number, tool, question, reason, needed, outcome) VALUES
        (gen_random_uuid(), %(run)s, 3, 1, 'documents', 'q', 'r', true, 'planned'),
        (gen_random_uuid(), %(run)s, 3, 2, 'ledger', 'q', 'r', false, 'planned')
    """,
)


class SayingFollower(LogFollower):
    """A follower that says what is new since it was asked last."""

    def __init__(self, named, store) -> None:
        super().__init__(named, store)
        self._events, self._name = store, f"test-{uuid4()}"

    def new_events(self):
        self.read_to_end()
        found = []
        while unread := self._events.unread(self._name):
            self._events.dealt_with(self._name, max(unread))
            found += unread.values()
        return found


@pytest.fixture
def follower(installation, store):
    made = SayingFollower(installation.audit_log, store)
    made.new_events()
    return made


def of_run(events, run_id) -> list[VaultEvent]:
    return [event for event in events if event.run_id == run_id]


def wrapped(installation, path, token, data=None):
    return httpx.post(
        f"{installation.address}/v1/{path}",
        json=data or {},
        headers={"X-Vault-Token": token, "X-Vault-Wrap-TTL": "60s"} if token else {"X-Vault-Wrap-TTL": "60s"},
        verify=installation.tls,
        trust_env=False,
    )


def test_the_log_says_all_that_a_run_was_given(installation, at_work, follower):
    run_id = uuid4()
    with at_work(run_id) as (session, minted):
        issued = {name: session.issue(name, tool.grant) for name, tool in TOOLS.items()}
        key = issued["contracts"].secret
        installation.ask("GET", "auth/token/lookup-self", token=key.reveal())
    events = of_run(follower.new_events(), run_id)
    assert [event.kind for event in events] == [
        "minted",
        "unwrapped",
        "logged-in",
        *["issued"] * 5,
        "revoked",
    ]
    assert {event.attempt for event in events} == {3}
    assert {(event.job_id, event.requested_by) for event in events} == {("ACT-1", "operator-a")}
    assert {event.remote_address for event in events} == {"127.0.0.1"}
    assert not [event for event in events if event.claimed_run_id or event.hidden]
    mint_event, unwrap, login, *given, revoked = events
    identity = session.identity
    assert (mint_event.accessor, mint_event.secret_id_accessor) == (
        minted.wrapping_accessor,
        minted.secret_id_accessor,
    )
    assert unwrap.token_accessor == minted.wrapping_accessor
    assert (login.accessor, login.request_id) == (identity.token_accessor, identity.login_request_id)
    assert {event.token_accessor for event in (*given, revoked)} == {identity.token_accessor}
    for event, tool in zip(given, TOOLS, strict=True):
        record = issued[tool].record
        assert (event.path, event.request_id) == (record.vault_path, record.request_id)
        assert (event.accessor, event.lease_id, event.service_user) == (
            record.accessor,
            record.lease_id,
            record.service_user,
        )
    assert "hmac" not in json.dumps([asdict(event) for event in events], default=str)


def test_what_a_thief_hides_in_wrapping_tokens_is_seen(installation, mint, follower):
    """Answers that are wrapped, the deprecated way to open one, and a key that names another run."""
    run_id, other = uuid4(), uuid4()
    opened = installation.ask("GET", "cubbyhole/response", token=mint(run_id).wrapping_token.reveal()).json()
    secret_id = json.loads(opened["data"]["response"])["data"]["secret_id"]
    login = {"role_id": installation.run_role_id, "secret_id": secret_id}
    hidden = wrapped(installation, "auth/approle/login", "", login).json()["wrap_info"]
    token = installation.ask("POST", "sys/wrapping/unwrap", token=hidden["token"]).json()["auth"][
        "client_token"
    ]
    key = wrapped(installation, "auth/token/create/contracts", token).json()["wrap_info"]
    lease = httpx.get(
        f"{installation.address}/v1/{LEDGER}",
        headers={"X-Vault-Token": token, "X-Vault-Wrap-TTL": "60s"},
        verify=installation.tls,
        trust_env=False,
    ).json()["wrap_info"]
    lie = {"meta": {"run_id": str(other)}}
    named = installation.ask("POST", "auth/token/create/documents", lie, token).json()["auth"]
    events = of_run(follower.new_events(), run_id)
    assert [(event.kind, event.hidden) for event in events] == [
        (AnswerKind.MINTED, None),
        (AnswerKind.UNWRAPPED, None),
        (AnswerKind.LOGGED_IN, Hidden.WRAPPED),
        (AnswerKind.ISSUED, Hidden.WRAPPED),
        (AnswerKind.ISSUED, Hidden.WRAPPED),
        (AnswerKind.ISSUED, None),
    ]
    assert [event.accessor for event in events[2:]] == [
        hidden["wrapped_accessor"],
        key["wrapped_accessor"],
        lease["accessor"],
        named["accessor"],
    ]
    assert [event.claimed_run_id for event in events] == [None] * 5 + [str(other)]
    installation.ask("POST", "auth/token/revoke-self", token=token)


def refuse_logins(installation, role_id, secret_id):
    login = {"role_id": role_id} | ({"secret_id": secret_id} if secret_id else {})
    assert installation.ask("POST", "auth/approle/login", login).status_code in (400, 403)


def test_a_refused_login_is_an_event_unless_it_lacks_the_secret_id(installation, follower):
    """Provisioning asks with a login that lacks it whether a RoleID is the vault's."""
    refuse_logins(installation, installation.run_role_id, "guessed")
    refuse_logins(installation, "guessed", "guessed")
    refuse_logins(installation, installation.run_role_id, "")
    events = follower.new_events()
    assert [(event.kind, event.run_id, event.remote_address) for event in events] == [
        (AnswerKind.LOGIN_REFUSED, None, "127.0.0.1")
    ] * 2


def test_what_is_refused_to_a_run_is_an_event(installation, at_work, follower):
    run_id = uuid4()
    with at_work(run_id) as (session, _):
        for path in ("auth/token/create/no-such-role", "database/creds/no-such-role"):
            answer = installation.ask("POST", path, {}, token=session._token.reveal())
            assert answer.status_code in (400, 403)
    events = [event for event in of_run(follower.new_events(), run_id) if event.kind is AnswerKind.DENIED]
    assert [event.path for event in events] == [
        "auth/token/create/no-such-role",
        "database/creds/no-such-role",
    ]
    assert {event.token_accessor for event in events} == {session.identity.token_accessor}
    assert {(event.accessor, event.lease_id) for event in events} == {(None, None)}


def test_a_login_that_is_cut_off_was_not_refused(installation, follower, mint):
    """As by the death of a worker. The vault notes an error, and nobody is accused."""
    login_url = f"{installation.address}/v1/auth/approle/login"

    def cut_off(seconds):
        wrapping_token = mint(uuid4()).wrapping_token.reveal()
        opened = installation.ask("POST", "sys/wrapping/unwrap", token=wrapping_token).json()["data"]
        login = {"role_id": installation.run_role_id, "secret_id": opened["secret_id"]}
        with suppress(httpx.ReadTimeout), httpx.Client(verify=installation.tls, trust_env=False) as client:
            client.post(login_url, json=login, timeout=httpx.Timeout(10, read=seconds))

    def errors():
        lines = [
            line for line in installation.audit_lines() if line["request"]["path"] == "auth/approle/login"
        ]
        return [line["error"] for line in lines if line["type"] == "response" and line.get("error")]

    pauses, before = cycle(n / 2000 for n in range(1, 11)), len(errors())
    wait_until(lambda: [cut_off(next(pauses)) for _ in range(10)] and len(errors()) > before + 3, seconds=30)
    assert AnswerKind.LOGIN_REFUSED not in {event.kind for event in follower.new_events()}


def test_a_user_whose_creation_was_cut_off_differs_from_one_that_was_given(
    installation, at_work, store, follower
):
    """A user of a database that the vault did not finish, as when a worker is killed meanwhile."""
    with at_work(uuid4()) as (session, _):
        token = session._token.reveal()
        session.issue("ledger", TOOLS["ledger"].grant)
        assert AnswerKind.BROKEN_OFF not in {event.kind for event in follower.new_events()}
        assert not store.was_broken_off(seconds=60)

        def cut_off(seconds):
            with (
                suppress(httpx.ReadTimeout),
                httpx.Client(verify=installation.tls, trust_env=False) as client,
            ):
                client.get(
                    f"{installation.address}/v1/{LEDGER}",
                    headers={"X-Vault-Token": token},
                    timeout=httpx.Timeout(10, read=seconds),
                )

        pauses, found = cycle(n / 1000 for n in range(1, 16)), set()
        wait_until(
            lambda: cut_off(next(pauses)) or found.update(each.kind for each in follower.new_events())
            or AnswerKind.BROKEN_OFF in found,
            seconds=30,
        )  # fmt: skip
    assert store.was_broken_off(seconds=60)
    assert not store.was_broken_off(seconds=-60)


@pytest.mark.parametrize("moment", ["before_cursor_execute", "after_cursor_execute"])
def test_a_reader_that_dies_leaves_both_events_and_position_or_neither(  # noqa: PLR0917  # fixtures
    installation, engine, store, follower, mint, moment
):
    """And a second reader, of which one loses, records nothing twice."""
    run_id, before = uuid4(), store.positions()
    mint(run_id)

    class KilledError(BaseException):
        pass

    def killed(_connection, _cursor, statement, *_):
        if "record_log" in statement:  # one statement is the whole transaction
            raise KilledError

    database_event.listen(engine, moment, killed)
    try:
        with pytest.raises(KilledError):
            follower.read_to_end()
    finally:
        database_event.remove(engine, moment, killed)
    is_recorded = bool(of_run(store.unread("test").values(), run_id))
    assert (store.positions() != before) == is_recorded == (moment == "after_cursor_execute")
    one, other = LogFollower(installation.audit_log, store), LogFollower(installation.audit_log, store)
    other.read_to_end()  # both know the same position from here on
    with ThreadPoolExecutor(2) as threads:
        for _ in range(5):
            mint(run_id)
            for each in [threads.submit(reader.read_to_end) for reader in (one, other)]:
                each.result()
    follower.read_to_end()
    recorded = of_run(store.unread("test").values(), run_id)
    assert len(recorded) == len({event.request_id for event in recorded}) == 6


def test_each_event_is_judged_once_and_none_is_left_out(store, follower, mint):
    run_id = uuid4()
    mint(run_id)
    follower.read_to_end()
    while len(unread := store.unread("judge", most=3)) == 3:
        store.dealt_with("judge", max(unread))
    store.dealt_with("judge", max(unread, default=0))
    mint(run_id)
    follower.read_to_end()
    ((number, event),) = store.unread("judge").items()
    assert event.run_id == run_id
    store.dealt_with("judge", number)
    store.dealt_with("judge", number - 1)  # by one that comes late
    assert store.unread("judge") == {}


def test_the_records_say_what_an_attempt_was_to_do(installation, engine, store, follower, at_work):
    run_id = uuid4()
    with installation.database("triage") as database:
        database.execute(
            "SET session_replication_role = replica"
        )  # the job that the run refers to does not exist
        for statement in AT_WORK:
            database.execute(statement, {"run": run_id})
    with at_work(run_id) as (session, _):
        for tool in ("documents", "ledger"):
            session.issue(tool, TOOLS[tool].grant)
    follower.read_to_end()
    events = {number: each for number, each in store.unread("x").items() if each.run_id == run_id}
    last = max(events)
    attempts = WatchedAttempts(engine, SYSTEMS)
    (attempt,) = attempts.of([events[last]], first=last).values()
    assert attempt == WatchedAttempt(
        claimed=True,
        ended_at=None,
        planned_paths=frozenset({TOOLS["documents"].grant.path}),
        recorded=frozenset({"the login"}),
        logins=1,
        issued_paths={TOOLS["documents"].grant.path, LEDGER},
    )
    found = judge(events.values(), attempts.of(list(events.values()), first=min(events)))
    assert [(each.kind, LEDGER in each.detail) for each in found] == [("more credentials than planned", True)]
    assert attempts.of([replace(events[last], run_id=uuid4())], first=last) == {}


@pytest.mark.parametrize(
    ("vault", "stated"),
    [(180, 180), (-180, -180), (0, 0), (0, -180), (180, 0)],
    ids=["ahead", "behind", "right", "a proxy states too early a date", "ahead since a moment ago"],
)
def test_what_comes_after_the_end_is_judged_by_the_vaults_clock(installation, engine, vault, stated):
    run_id = uuid4()
    with installation.database("triage") as database:
        database.execute("SET session_replication_role = replica")
        for statement in AT_WORK:
            database.execute(statement, {"run": run_id})
        database.execute(
            "UPDATE attempt SET state = 'lost', ended_at = now() - interval '60 s' WHERE run_id = %s",
            [run_id],
        )
        database.execute(
            "INSERT INTO clock VALUES ('vault', '', 'sweeper', %s, now(), false)"
            " ON CONFLICT (process, host, reporter) DO UPDATE SET ahead = EXCLUDED.ahead",
            [stated],
        )
        ((now,),) = database.execute("SELECT now()").fetchall()
    attempts = WatchedAttempts(engine, SYSTEMS)

    def late(*ages):
        """Which of these logins, so many seconds ago, were after the end, 60 seconds ago."""
        events = [
            VaultEvent(
                request_id=f"login {age}",
                kind=AnswerKind.LOGGED_IN,
                at=now + timedelta(seconds=vault - age),
                path="auth/approle/login",
                run_id=run_id,
                attempt=3,
                accessor=f"of {age}",
            )
            for age in ages
        ]
        found = judge(events, attempts.of(events, first=0))
        ended = [each.detail for each in found if each.kind == "identity of an ended attempt"]
        return [age for age in ages if any(f"of {age})" in detail for detail in ended)]

    assert late(75, 55, 45, 0) == [45, 0]
    # The log was read late, and the vault's clock is known from before.
    assert late(75) == []
    assert late(45) == [45]
    with installation.database("triage") as database:
        database.execute("DELETE FROM clock WHERE process = 'vault'")


def test_a_rotation_by_the_vault_loses_no_event(installation, follower, mint):
    run_id = uuid4()
    mint(run_id)
    installation.audit_log.rename(installation.audit_log.with_name("audit.log.7"))
    mint(run_id)  # still into the old file
    installation.process_table.kill("vault", signal.SIGHUP)
    found = []
    for _ in range(3):
        mint(run_id)
        found += of_run(follower.new_events(), run_id)
    assert len(found) == 5
    assert follower.take_notes() == []


@pytest.mark.parametrize("login", ["triage_worker", "triage_app", "triage_dispatcher"])
def test_only_the_sweeper_writes_the_record(installation, login):
    owner = login.removeprefix("triage_").replace("app", "web")
    password = installation.secret(owner, "database-password").read_text()
    with installation.database("triage", user=login, password=password) as database:
        for statement in (
            "SELECT record_log('x', 1, 0, NULL, 5, 1, '', '{}', '[]', '[]')",
            "SELECT move_cursor('sweeper', 1000000)",
            "DELETE FROM vault_event",
            "DELETE FROM run_stretch",
            "INSERT INTO log_position VALUES ('x', 1, 5, 1, '', 0)",
            "DO $$ BEGIN LOCK TABLE log_position IN SHARE MODE; END $$",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        *("DELETE FROM vault_event", "UPDATE vault_event SET run_id = NULL"),
        *("DELETE FROM log_position", "DELETE FROM run_stretch"),
    ],
)
def test_not_even_the_sweeper_takes_anything_out_of_the_record(engine, statement):
    with engine.begin() as database, pytest.raises(ProgrammingError, match="permission denied"):
        database.execute(text(statement))
