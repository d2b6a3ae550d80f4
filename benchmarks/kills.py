"""`kill -9` of the parts of a stack, at random, each started again soon after."""

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import psutil

from infra.local.leftovers import living
from infra.local.process import start_ticks
from infra.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Seconds for the processes of a killed server to end by themselves.
_PATIENCE = 30.0
#: A worker with threads, and one with a pool of processes; of more than two, every second has a pool of processes.
WORKERS = ("worker-1", "worker-2")
SERVERS = ("postgres", "valkey")


class Killer:
    """Kills one part after the other; `killed` counts them."""

    def __init__(self, stack: LocalStack, random: Random, *, workers: "Sequence[str]" = WORKERS) -> None:
        self._stack = stack
        self._workers = workers
        self._random = random
        self.killed: Counter[str] = Counter()
        self._ways: dict[str, Callable[[], bool]] = {
            "worker": self.kill_worker,
            "pool child": self._kill_pool_child,
            "dispatcher": partial(self._kill_alone, "dispatcher"),
            "sweeper": partial(self._kill_alone, "sweeper"),
            "reconciler": partial(self._kill_alone, "reconciler"),
            "valkey": partial(self._kill_alone, "valkey"),
            "postgres": self._kill_postgres,
        }

    def kill_one(self) -> None:
        """Workers and the sweeper more often than the servers, whose return takes everybody's time."""
        (name,) = self._random.choices(list(self._ways), weights=[4, 4, 2, 3, 2, 1, 1])
        self.killed[name] += self._ways[name]()

    def kill_worker(self) -> bool:
        """Kill one of the workers with its pool, unless the one that was chosen is only starting."""
        name = self._random.choice(self._workers)
        # One that is starting is spared: killed again and again, it would never do any work.
        if "ready." not in self._stack.process_table.children[name].log_since_start():
            return False
        with suppress(ProcessLookupError):
            os.killpg(self._stack.processes[name], signal.SIGKILL)
        self._start_again(name)
        return True

    def _kill_pool_child(self) -> bool:
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(
                self._stack.processes[self._random.choice(self._workers[1::2])]
            ).children()
            if children:
                self._random.choice(children).kill()
                return True
        return False

    def _kill_alone(self, name: str) -> bool:
        self._stack.process_table.kill(name)
        self._start_again(name)
        return True

    def _kill_postgres(self) -> bool:
        family = living([self._stack.process_table.children["postgres"].record])
        self._stack.process_table.kill("postgres")
        deadline = time.monotonic() + _PATIENCE
        while any(start_ticks(each.pid) for each in family) and time.monotonic() < deadline:
            time.sleep(0.05)
        self._start_again("postgres")
        return True

    def _start_again(self, name: str) -> None:
        time.sleep(self._random.uniform(0.0, 0.5))
        if name in SERVERS:
            self._stack.restart(name)
        else:
            self._stack.process_table.revive(name)  # killed again, maybe, before it is ready


def start_second_worker(stack: LocalStack) -> None:
    """One with a process for each run, beside the usual one with threads."""
    threads = stack.services.worker(2)
    argv = tuple("prefork" if part == "threads" else part for part in threads.argv)
    stack.process_table.start(replace(threads, argv=argv), lambda child: "ready." in child.log_since_start())
