"""The state of the stack, whatever is up or down."""

import socket
import time

import httpx
import pytest

PARTS = ["database", "vault", "broker", "sam-gov", "debarment", "contracts", "documents", "ledger"]


def test_every_part_is_shown_with_its_condition(client, read):
    document = read(client, "/stack")
    parts = {row[0]: row for row in document.rows[1:9]}
    assert list(parts) == PARTS
    for name in set(PARTS) - {"broker"}:
        assert parts[name][1] == "✓ Up", parts[name]
    assert "unsealed, active" in parts["vault"][3]


def test_the_queue_and_the_background_processes_are_the_databases(system, client, read, triaged):
    text = read(client, "/stack").text
    completed = system.rows("SELECT count(*) AS n FROM run WHERE state = 'completed'")[0]["n"]
    assert f"Completed {completed} runs" in text
    for row in system.rows("SELECT process FROM heartbeat"):
        assert row["process"] in text


def test_it_looks_again_by_itself_until_told_not_to(client, read):
    def refreshing(document):
        return [meta["content"] for meta in document.all("meta") if meta.get("http-equiv") == "refresh"]

    looking = read(client, "/stack")
    assert refreshing(looking) == ["10"]
    assert "/stack?refresh=off" in looking.links
    still = read(client, "/stack?refresh=off")
    assert refreshing(still) == []
    assert "/stack" in still.links


@pytest.fixture
def deaf():
    """An address where connections are taken and nothing is ever said."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_parts_that_are_down_or_silent_do_not_hold_up_the_page(client_of, read, deaf):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{unused.getsockname()[1]}"
        client = client_of(
            vault_addr=f"http://{deaf}",
            redis_url=f"redis://{deaf}/0",
            documents_url=f"http://{dead}",
            database_url=f"postgresql+psycopg://nobody@{dead}/nowhere",
        )
        began = time.monotonic()
        document = read(client, "/stack")
        assert time.monotonic() - began < 5
    conditions = {row[0]: row[1] for row in document.rows[1:9]}
    for name in ("database", "vault", "broker", "documents"):
        assert conditions[name] == "✕ No answer", name
    assert conditions["sam-gov"] == "✓ Up"
    assert "Not as it should be: database, vault, broker, documents." in document.text
    assert "the queue cannot be shown" in document.text


def test_the_served_process_sees_the_same_parts(system):
    answer = httpx.get(f"{system.stack.endpoints['web']}/stack", trust_env=False, timeout=10)
    assert answer.status_code == 200
    assert answer.text.count("✓</span> Up") >= 7
