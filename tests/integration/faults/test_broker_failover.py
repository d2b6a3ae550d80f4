"""Whatever a broker answers during a failover, or when it is full: workers wait, say why, and go on with the same pid."""

import signal
from contextlib import contextmanager

import pytest

from tests.integration.faults.test_broker import administrator

NOWHERE = ("REPLICAOF", "127.0.0.1", "1")
ALONE = ("REPLICAOF", "NO", "ONE")
#: By what is the matter: what makes it so, what mends it, and the words of a worker about it.
TROUBLES = {
    "a replica": ([NOWHERE], [ALONE], "it is a read-only replica"),
    "a replica without a primary": (
        [("CONFIG", "SET", "replica-serve-stale-data", "no"), NOWHERE],
        [ALONE, ("CONFIG", "SET", "replica-serve-stale-data", "yes")],
        "a replica",
    ),
    "no memory": (
        [("CONFIG", "SET", "maxmemory", "1")],
        [("CONFIG", "SET", "maxmemory", "256mb")],
        "its memory is full",
    ),
    "too few replicas": (
        [("CONFIG", "SET", "min-replicas-to-write", "1")],
        [("CONFIG", "SET", "min-replicas-to-write", "0")],
        "it has too few replicas",
    ),
    "no user": (
        [("ACL", "SETUSER", "worker", "off")],
        [("ACL", "SETUSER", "worker", "on")],
        "it refuses the user of REDIS_URL",
    ),
    "no right": (
        [("ACL", "SETUSER", "worker", "-brpop")],
        [("ACL", "SETUSER", "worker", "+brpop")],
        "it refuses what the user of REDIS_URL must do",
    ),
    "too many connections": (
        [("CONFIG", "SET", "maxclients", "1")],
        [("CONFIG", "SET", "maxclients", "10000")],
        "max number of clients reached",
    ),
}
WORKERS = ("worker-1", "worker-2")


def log_of(fragile, worker):
    return (fragile.stack.layout.logs / f"{worker}.log").read_text(errors="replace")


@contextmanager
def living(fragile):
    """All processes are the same ones, afterwards."""
    before = dict(fragile.stack.processes)
    yield
    assert fragile.stack.processes == before


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_worker_outlives_a_broker_that_takes_no_messages_and_says_why(trouble, fragile, until):
    causes, remedies, words = TROUBLES[trouble]
    read = {worker: len(log_of(fragile, worker)) for worker in WORKERS}
    with administrator(fragile) as connection, living(fragile):
        try:
            for command in causes:
                connection.execute_command(*command)
            for client in connection.client_list():
                if client["user"] != "administrator":
                    connection.client_kill_filter(_id=client["id"])
            for worker in WORKERS:
                until(
                    lambda worker=worker: words in log_of(fragile, worker)[read[worker] :],
                    what=f"{worker} says {words}",
                )
        finally:
            for command in remedies:
                connection.execute_command(*command)
        run_ids = fragile.system.request(*fragile.plain[:6])
        until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
        assert {fragile.run(run_id)["state"] for run_id in run_ids} == {"completed"}


def test_workers_that_could_acknowledge_nothing_take_messages_again(fragile, until):
    """All their places were taken at that time, so that none of them waited for a message."""
    run_ids = fragile.system.request(*fragile.hanging[:4])
    until(lambda: all(map(fragile.is_at_work, run_ids)), what="all runs at work")
    read = {worker: len(log_of(fragile, worker)) for worker in WORKERS}

    def lost(said):
        failed = said.count("Couldn't ack")
        return failed == 2 or (failed and "the worker waits" in said)

    with administrator(fragile) as connection, living(fragile):
        try:
            connection.execute_command("ACL", "SETUSER", "worker", "off")
            for client in connection.client_list():
                if client["user"] == "worker":
                    connection.client_kill_filter(_id=client["id"])
            for worker in WORKERS:
                until(
                    lambda worker=worker: lost(log_of(fragile, worker)[read[worker] :]),
                    what=f"{worker} cannot acknowledge",
                )
        finally:
            connection.execute_command("ACL", "SETUSER", "worker", "on")
        run_ids += fragile.system.request(*fragile.plain[:6])
        until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
        assert {fragile.run(run_id)["state"] for run_id in run_ids} == {"completed"}


ODD = {
    "a page": b"HTTP/1.1 503 Service Unavailable\r\n\r\n<html></html>",
    "garbage": bytes(range(256)) * 4,
    "numbers": b":1\r\n" * 50,
    "an answer without end": b"*" + b"9" * 30,
    "nothing": b"",
}


@pytest.mark.parametrize(
    ("pool", "names"),
    [
        ("threads", ("a page", "garbage", "nothing")),
        ("prefork", ("a page", "numbers", "an answer without end")),
    ],
)
def test_a_worker_outlives_anything_that_comes_over_the_wire(pool, names, fragile, start, *, relay, until):
    """Its connections stay open, or are taken anew, and carry something else."""
    stack, put_in = fragile.stack, [None]
    between = relay(
        int(stack.endpoints["valkey"].rpartition(":")[2]),
        to_client=lambda chunk: chunk if put_in[0] is None else put_in[0],
    )
    environment = {
        **stack.environment("worker"),
        "REDIS_URL": f"redis://worker@127.0.0.1:{between.port}/0",
    }
    for worker in WORKERS:
        fragile.signal_all_of(worker, signal.SIGSTOP)
    begun = start("workers.launch", "--pool", pool, "--name", "odd", environment=environment)
    until(lambda: "ready." in begun.errors.read_text(), what="the worker")
    for name in names:
        read = len(begun.errors.read_text())
        put_in[0] = ODD[name]
        until(
            lambda read=read: "waiting for the broker: it " in begun.errors.read_text()[read:],
            what=f"words about {name}",
        )
        put_in[0] = None
        (run_id,) = fragile.system.request(fragile.plain[0])
        until(lambda run_id=run_id: fragile.ended([run_id]), seconds=60, what=f"the run after {name}")
        assert fragile.run(run_id)["state"] == "completed"
        assert begun.process.poll() is None
    assert "Traceback" not in begun.errors.read_text()
