"""Whatever stands where the database should be: pages and logs say so, and runs are where they were."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

TABLE = "Database"


@contextmanager
def read_only(server) -> Iterator[None]:
    """As a server is that has become a standby: sessions go on, and may not write."""

    def now(value: str) -> None:
        with server.connect("postgres") as connection:
            connection.autocommit = True
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            connection.execute("SELECT pg_reload_conf()")

    now("on")
    try:
        yield
    finally:
        now("off")


@pytest.fixture
def begun_fault(disturbed):
    """Begins the fault of a cell, at the proxy or at the server."""

    @contextmanager
    def begun(cell):
        if cell.fault == "read-only":
            with read_only(disturbed.proxied.stack.services.database):
                yield
        else:
            disturbed.proxied.proxies["database"].inflict(cell.inflicted)
            yield
            disturbed.proxied.heal()

    return begun


def test_runs_stay_where_they_are_and_go_on(disturbed, unharmed, begun_fault, cell, until):
    amid = unharmed(4)
    until(lambda: disturbed.begun(amid), what="work to be disturbed")
    so_far = len(disturbed.said("dispatcher"))
    shown, reported, logged = cell.words
    with begun_fault(cell):
        if cell.fault != "read-only":
            unharmed(1)  # past the proxy
        until(lambda: all(word in disturbed.page(f"/runs/{amid[0]}") for word in shown), what=f"{shown}")
        until(lambda: all(word in of_the_database(disturbed) for word in reported), what=f"{reported}")
        until(lambda: all(word in disturbed.said("dispatcher")[so_far:] for word in logged), what=f"{logged}")


def of_the_database(disturbed):
    """What the state page shows of it."""
    found = re.search(r"Parts .*? database (.*?) vault ", disturbed.page("/stack"))
    return found[1] if found else ""
