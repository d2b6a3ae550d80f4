"""Faults of servers, one after the other: each lasts for some seconds, and ends."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

import psutil

from benchmarks.proxied_stack import ProxiedStack
from infra.local.options import TOOL_VARIABLES

#: Seconds that one fault lasts, at least and at most.
_LASTS = (0.3, 3.0)
#: Shares of the connections or requests that meet it.
_SHARES = (1.0, 1.0, 0.3)
_AHEAD = (-180.0, 180.0)
#: The parts of the stack behind two of the proxies.
_PARTS = {"database": "postgres", "broker": "valkey"}
#: What the administrator tells the broker, at the beginning and at the end.
_OF_BROKER = {
    "read-only": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "no memory": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "256mb")),
}
#: How often each server meets a fault, relative to the others: those that every run needs more often than a tool.
_WEIGHTS = {"vault": 4, "database": 3, "broker": 3, "ledger": 2, **dict.fromkeys(TOOL_VARIABLES, 1)}


@dataclass(frozen=True, slots=True)
class _Disturbance:
    name: str
    begin: Callable[[], None]
    end: Callable[[], None]


class Disturber:
    """Has servers misbehave in an order that `random` chooses: each in every way, before in one again.

    `met` counts the faults by server and name.
    """

    def __init__(self, proxied: ProxiedStack, random: Random) -> None:
        self._proxied = proxied
        self._stack = proxied.stack
        self._random = random
        self.met: Counter[str] = Counter()
        self._turns = {server: self._in_turn(server) for server in _WEIGHTS}

    def disturb_one(self, meanwhile: Callable[[], None]) -> None:
        """Inflict the next fault, call `meanwhile`, and let it end."""
        (server,) = self._random.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))
        fault = next(self._turns[server])
        try:
            fault.begin()
            time.sleep(self._random.uniform(*_LASTS))
            meanwhile()
        finally:
            fault.end()
        self.met[f"{server}: {fault.name}"] += 1

    def _in_turn(self, server: str) -> Iterator[_Disturbance]:
        while True:
            ways = [*self._of_proxy(server), *self._of_server(server)]
            self._random.shuffle(ways)
            yield from ways

    def _of_proxy(self, server: str) -> Iterator[_Disturbance]:
        proxy = self._proxied.proxies[server]
        for fault in proxy.names:
            yield _Disturbance(fault, partial(self._inflict, server, fault), proxy.heal)

    def _of_server(self, server: str) -> Iterator[_Disturbance]:
        if (part := _PARTS.get(server, server)) in self._stack.processes:
            stop, go_on = (partial(self._signal, part, each) for each in (signal.SIGSTOP, signal.SIGCONT))
            yield _Disturbance("stopped and continued", stop, go_on)
        if server == "database":
            begin, end = (
                partial(self._set, f"{verb} default_transaction_read_only{value}")
                for verb, value in (("SET", " = on"), ("RESET", ""))
            )
            yield _Disturbance("read-only", begin, end)
        if server == "broker":
            for name, (begin, end) in _OF_BROKER.items():
                yield _Disturbance(name, partial(self._tell_broker, *begin), partial(self._tell_broker, *end))

    def _inflict(self, server: str, fault: str) -> None:
        ahead = self._random.choice(_AHEAD) if fault == "date" else 0.0
        self._proxied.proxies[server].inflict(fault, share=self._random.choice(_SHARES), ahead=ahead)

    def _signal(self, server: str, number: signal.Signals) -> None:
        server_process = psutil.Process(self._stack.processes[server])
        for each in (server_process, *server_process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def _tell_broker(self, *command: str) -> None:
        port = int(self._stack.endpoints["valkey"].rpartition(":")[2])
        with self._stack.startup.broker.administrator(port) as broker:
            broker.execute_command(*command)

    def _set(self, setting: str) -> None:
        server = self._stack.services.database
        assert server is not None
        with server.connect("postgres") as connection:
            connection.execute(f"ALTER DATABASE triage {setting}".encode())
            # The setting is for new connections.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'triage'"
            )
