"""A system of its own: what these tests cut off, others need."""

import socket
from dataclasses import replace

import pytest

from app import usecases
from app.credentials.switch_orders import SwitchKind, Turn
from tests.conftest import wait_until
from tests.integration.security.conftest import Insider, insider_of


@pytest.fixture(scope="package")
def system(start_system, tmp_path_factory):
    with start_system(tmp_path_factory.mktemp("switched"), workers=1, concurrency=2) as running:
        # The second worker has a process for each run, the first one a thread.
        threads = running.stack.services.worker(2)
        argv = tuple("prefork" if part == "threads" else part for part in threads.argv)
        running.stack.process_table.start(
            replace(threads, argv=argv), lambda child: "ready." in child.log_since_start()
        )
        yield running


@pytest.fixture(scope="package")
def insider(system) -> Insider:
    return insider_of(system)


@pytest.fixture(scope="package")
def workers(system) -> list[str]:
    """The names of both workers, the one with threads first."""
    names = [
        f"{socket.gethostname()}:{system.stack.processes[process]}" for process in ("worker-1", "worker-2")
    ]
    reported = "SELECT host || ':' || reporter AS name FROM clock WHERE process = 'worker'"
    wait_until(
        lambda: {row["name"] for row in system.rows(reported)} >= set(names), what="signs of life of both"
    )
    return names


@pytest.fixture
def switch(system):
    """Orders a switch and waits until it is done: `switch("tool", "ledger", "off")`. All is on again after the test."""

    def ordered(kind, target, turn, *, wait=True):
        order_id = usecases.order_switch(
            system.sessions,
            SwitchKind(kind),
            str(target),
            Turn(turn),
            by="operator-a",
            by_name="Olive Operator",
            reason="A drill.",
        )
        assert order_id is not None
        if wait:
            wait_until(lambda: row(order_id)["done_at"], what="the confirmation")
        return row(order_id)

    def row(order_id):
        (found,) = system.rows("SELECT * FROM switch_order WHERE order_id = %s", order_id)
        return found

    yield ordered
    last = system.rows(
        "SELECT DISTINCT ON (kind, target) * FROM switch_order WHERE kind IN ('agent', 'tool', 'worker')"
        " ORDER BY kind, target, number DESC"
    )
    for each in last:
        if each["turn"] == "off":
            ordered(each["kind"], each["target"], "on")
