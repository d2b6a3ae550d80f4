"""Several of each process at once, as on several machines: nothing is done twice, nothing is left, nobody is accused."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from infra.local.ports import LOOPBACK, Ports
from tests.conftest import COOKIE, TLS, wait_until

RUNS = 40
CONFIRM = {"version": 0, "decision": "confirmed", "rationale": "I looked at both records."}


@pytest.fixture(scope="module")
def system(start_system, tmp_path_factory) -> Iterator[Any]:
    """Three workers, and two of every other process but the web process."""
    with start_system(tmp_path_factory.mktemp("several"), workers=3, concurrency=2) as running:
        names = [
            second(running, running.stack.services.background(name))
            for name in ("dispatcher", "sweeper", "reconciler", "switch")
        ]
        yield running
        for name in names:
            running.stack.process_table.stop(name)


def second(system, command):
    """Start another process of the same kind; its name."""
    name = f"{command.name}-2"
    own = replace(command, name=name, log=command.log.with_name(f"{name}.log"))
    system.stack.process_table.start(own, lambda _: True)
    return name


@pytest.fixture(scope="module")
def done(system):
    """Runs that all of them carried out together, with their confirmed ends."""
    run_ids = system.run(*(system.actions[number % len(system.actions)] for number in range(RUNS)))
    open_ends = "SELECT 1 FROM attempt WHERE run_id = ANY(%s) AND revoked_at IS NULL"
    wait_until(lambda: not system.rows(open_ends, run_ids), what="the confirmed ends")
    return run_ids


def test_each_run_is_done_once_and_every_worker_takes_part(system, done):
    attempts = system.rows("SELECT run_id, number, state, worker FROM attempt WHERE run_id = ANY(%s)", done)
    assert Counter(row["run_id"] for row in attempts) == Counter(done)
    assert {row["state"] for row in attempts} == {"finished"}
    assert len({row["worker"] for row in attempts}) == 3
    (stored,) = system.rows("SELECT count(*) AS n FROM step WHERE run_id = ANY(%s)", done)
    assert stored["n"] == 5 * RUNS


def test_the_vault_minted_and_issued_for_each_run_once(system, done):
    answers = Counter(
        (line["request"]["path"], run_id)
        for run_id in done
        for line in system.audit_lines(run_id)
        if line["type"] == "response"
    )
    for path in ("auth/approle/login", "database/creds/ledger-reader", "auth/token/create/contracts"):
        assert {answers[path, run_id] for run_id in done} == {1}


def test_each_line_of_the_vaults_log_is_recorded_once_and_nobody_is_accused(system, done):
    recorded = "SELECT kind, count(*) AS n FROM vault_event WHERE run_id = ANY(%s) GROUP BY kind"
    wait_until(
        lambda: {row["kind"]: row["n"] for row in system.rows(recorded, done)}.get("issued") == 5 * RUNS,
        what="the record of every issue",
    )
    uses = "SELECT count(*) AS n FROM tool_use JOIN credential USING (fingerprint) WHERE run_id = ANY(%s)"
    calls = (
        "SELECT count(*) AS n FROM call JOIN credential USING (credential_id)"
        " WHERE credential.run_id = ANY(%s) AND tool <> 'ledger'"
    )
    wait_until(
        lambda: system.rows(uses, done) == system.rows(calls, done) != [{"n": 0}],
        what="the record of every use",
    )
    assert system.rows("SELECT kind, detail FROM alarm") == []


def test_a_session_and_a_decision_hold_at_both_web_processes(  # fixtures
    system, done, session_of, tokens_of, tmp_path
):
    first = system.stack.endpoints["web"]
    port = Ports(tmp_path / "ports", usual=False).choose("web")
    command = system.stack.services.web(urlsplit(first).port)
    name = second(system, replace(command, argv=(*command.argv[:-1], f"{LOOPBACK}:{port}")))
    other = f"http://{LOOPBACK}:{port}"
    try:
        with httpx.Client(timeout=20, trust_env=False, verify=TLS) as client:
            wait_until(lambda: answers_at(client, f"{other}/healthz"), what="the second web process")
            cookie = {"Cookie": f"{COOKIE}={session_of('officer-a')}"}
            assert client.get(f"{other}/session", headers=cookie).status_code == httpx.codes.OK
            (flag,) = system.rows("SELECT flag_id FROM flag WHERE status = 'open' AND current LIMIT 1")
            together = Barrier(2)

            def decide(place: str, person: str) -> httpx.Response:
                bearer = {"Authorization": f"Bearer {tokens_of(person)['access_token']}"}
                together.wait(20)
                return client.post(
                    f"{place}/api/v1/flags/{flag['flag_id']}/decisions", json=CONFIRM, headers=bearer
                )

            with ThreadPoolExecutor(2) as officers:
                answers = list(officers.map(decide, (first, other), ("officer-a", "officer-b")))
            assert sorted(each.status_code for each in answers) == [httpx.codes.OK, httpx.codes.CONFLICT]
            rows = system.rows("SELECT version FROM flag WHERE flag_id = %s", flag["flag_id"])
            assert rows == [{"version": 1}]
    finally:
        system.stack.process_table.stop(name)


def answers_at(client: httpx.Client, address: str) -> bool:
    try:
        return client.get(address).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
