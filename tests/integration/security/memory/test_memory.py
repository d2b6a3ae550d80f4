"""What root can read in the memory of agent workers before, during and after a run."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest


@dataclass(frozen=True)
class Scene:
    """One worker's processes at one moment: the parent, and its children by process id."""

    parent: Any
    children: dict[int, Any]


class Worker:
    """A special agent worker, the only one in the system while it runs."""

    def __init__(self, system, memory_of, *, pool, concurrency, recycle=False) -> None:
        self._system, self._memory_of = system, memory_of
        usual = system.stack.services.worker(1)
        line = [*usual.argv[: usual.argv.index("--pool")], "--pool", pool, "--concurrency", str(concurrency)]
        name = "memory"
        log = usual.log.with_name(f"{name}.log")
        self._command = replace(usual, name=name, argv=(*line, *(["--recycle"] if recycle else [])), log=log)

    @property
    def children(self):
        return [child.pid for child in psutil.Process(self.pid).children()]

    @property
    def pid(self):
        return self._system.stack.processes["memory"]

    def look(self):
        """The memory of all its processes, now."""
        return Scene(self._memory_of(self.pid), {pid: self._memory_of(pid) for pid in self.children})

    def limits(self):
        return [Path(f"/proc/{pid}/limits").read_text() for pid in [self.pid, *self.children]]

    @contextmanager
    def running(self):
        stack = self._system.stack
        stack.process_table.start(self._command, lambda child: "ready." in child.log_since_start())
        try:
            yield self
        finally:
            stack.process_table.kill("memory")
            stack.process_table.stop("memory")


@pytest.fixture(scope="module")
def only_worker(system, memory_of, until):
    """Starts agent workers in place of the usual one, which comes back at the end."""
    port = int(system.stack.endpoints["valkey"].rsplit(":", 1)[1])
    with system.stack.startup.broker.administrator(port) as broker:
        # A message not yet acknowledged would come again, and leave its spent wrapping token in another worker.
        until(lambda: not broker.exists("triage:unacked", "triage:triage-runs"), what="an empty queue")
    system.stack.process_table.kill("worker-1")
    system.stack.process_table.stop("worker-1")

    def start(**kind):
        return Worker(system, memory_of, **kind).running()

    yield start
    system.stack.process_table.start(
        system.stack.services.worker(1), lambda child: "ready." in child.log_since_start()
    )


@contextmanager
def held_in_the_middle(system, until):
    """A run that has its five credentials and has not used one, for as long as the block lasts."""
    with system.stack.services.database.connect("triage") as connection, connection.transaction():
        connection.execute("LOCK TABLE credential IN EXCLUSIVE MODE")
        (run_id,) = system.request(system.actions[0])

        def issued():
            answers = [line for line in system.audit_lines(run_id) if line["type"] == "response"]
            paths = [line["request"]["path"] for line in answers]
            return sum("/token/" in path or path.startswith("database/creds/") for path in paths) == 4 + 1

        until(issued, what="all five credentials")
        yield run_id
    system.wait([run_id])


@pytest.fixture(scope="module")
def prefork(system, only_worker, until):
    """Scenes of a worker with two child processes, of which one carries out one run."""
    with only_worker(pool="prefork", concurrency=2) as worker:
        idle = worker.look()
        with held_in_the_middle(system, until) as run_id:
            during = worker.look()
        after = worker.look()
        (row,) = system.rows("SELECT worker FROM attempt WHERE run_id = %s", run_id)
        assert row["worker"].rpartition(":")[2] == str(worker.pid), "an attempt names the main process"
    (busy,) = (pid for pid, memory in during.children.items() if memory.recorded(system))
    return {"idle": idle, "during": during, "after": after, "busy": busy}


def holds_nothing(memory, system, thief):
    assert not memory.found["vault token"]
    assert not memory.found["signed token"]
    assert not memory.recorded(system)
    assert not thief.opens(memory)


def test_a_worker_that_has_run_nothing_yet_holds_nothing(prefork, system, thief):
    idle = prefork["idle"]
    assert len(idle.children) == 2
    for memory in (idle.parent, *idle.children.values()):
        holds_nothing(memory, system, thief)


def test_during_a_run_only_its_own_process_holds_usable_secrets(prefork, system, thief):
    """That the five are found here shows that the search can find them."""
    during, busy = prefork["during"], prefork["busy"]
    assert {row["tool"] for row in during.children[busy].recorded(system)} == {
        *("sam-gov", "debarment", "contracts", "documents", "ledger")
    }
    (other,) = (memory for pid, memory in during.children.items() if pid != busy)
    holds_nothing(other, system, thief)
    # The parent passed on a wrapping token, which was opened by then.
    assert not during.parent.recorded(system)
    assert not during.parent.found["signed token"]
    assert not thief.opens(during.parent)


def test_what_is_left_after_a_run_is_refused_everywhere(prefork, system, thief, seconds_left):
    after = prefork["after"]
    for memory in (after.parent, *after.children.values()):
        for secret in thief.opens(memory):
            # Of what is left only a signed token is good, and only until its TTL of two minutes.
            assert re.match(r"eyJ", secret), "something still opens"
            assert seconds_left(secret) <= 120
    assert not after.parent.recorded(system)


def test_a_recycled_process_takes_its_memory_with_it(system, only_worker, until, thief):
    with only_worker(pool="prefork", concurrency=1, recycle=True) as worker:
        (before,) = worker.children
        system.run(system.actions[0])
        until(lambda: worker.children not in ([], [before]), what="a new process")
        assert not psutil.pid_exists(before)
        scene = worker.look()
        # Spent wrapping tokens are left: the parent passed them on, and a new process begins as its copy.
        for memory in (scene.parent, *scene.children.values()):
            assert not memory.found["signed token"]
            assert not memory.recorded(system)
            assert not thief.opens(memory)


def test_threads_hold_no_secret_before_a_run_and_no_usable_one_after(
    system, only_worker, thief, seconds_left
):
    with only_worker(pool="threads", concurrency=2) as worker:
        holds_nothing(worker.look().parent, system, thief)
        system.run(system.actions[0])
        left = thief.opens(worker.look().parent)
        assert all(secret.startswith("eyJ") and seconds_left(secret) <= 120 for secret in left)
        assert all(re.search(r"Max core file size +0 +0 ", text) for text in worker.limits())
