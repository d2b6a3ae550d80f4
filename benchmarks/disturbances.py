"""Faults of servers, one after the other: each lasts for some seconds, and ends."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from random import Random

import psutil
import redis

from benchmarks.proxied_stack import ProxiedStack
from infra.local.options import TOOL_VARIABLES

#: Seconds that one fault lasts, at least and at most.
_LASTS = (0.3, 3.0)
#: Shares of the connections or requests that meet it.
_SHARES = (1.0, 1.0, 0.3)
_AHEAD = (-180.0, 180.0)
STOPPED = ("vault", "postgres", "valkey", *TOOL_VARIABLES)


class Disturber:
    """Has every server misbehave in every way by turns, in an order that `random` chooses; `met` counts the faults."""

    def __init__(self, proxied: ProxiedStack, random: Random) -> None:
        self._proxied = proxied
        self._stack = proxied.stack
        self._random = random
        self.met: Counter[str] = Counter()
        self._deck = self._turns()

    def disturb_one(self, meanwhile: Callable[[], None]) -> None:
        """Inflict the next fault, call `meanwhile`, and let it end."""
        name, begin, end = next(self._deck)
        try:
            begin()
            time.sleep(self._random.uniform(*_LASTS))
            meanwhile()
        finally:
            end()
        self.met[name] += 1

    def _turns(self) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
        while True:
            deck = list(self._ways())
            self._random.shuffle(deck)
            yield from deck

    def _ways(self) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
        for server, proxy in self._proxied.proxies.items():
            for fault in proxy.names:
                yield f"{server}: {fault}", partial(self._inflict, server, fault), proxy.heal
        for server in STOPPED:
            yield (
                f"{server}: stopped and continued",
                partial(self._signal, server, signal.SIGSTOP),
                partial(self._signal, server, signal.SIGCONT),
            )
        yield (
            "broker: read-only",
            partial(self._broker, "REPLICAOF", "127.0.0.1", "1"),
            partial(self._broker, "REPLICAOF", "NO", "ONE"),
        )
        yield (
            "broker: no memory",
            partial(self._broker, "CONFIG", "SET", "maxmemory", "1"),
            partial(self._broker, "CONFIG", "SET", "maxmemory", "256mb"),
        )
        yield (
            "database: read-only",
            partial(self._database, "SET default_transaction_read_only = on"),
            partial(self._database, "RESET default_transaction_read_only"),
        )

    def _inflict(self, server: str, fault: str) -> None:
        ahead = self._random.choice(_AHEAD) if fault == "date" else 0.0
        self._proxied.proxies[server].inflict(fault, share=self._random.choice(_SHARES), ahead=ahead)

    def _signal(self, server: str, number: signal.Signals) -> None:
        server_process = psutil.Process(self._stack.processes[server])
        for each in (server_process, *server_process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def _broker(self, *command: str) -> None:
        port = int(self._stack.endpoints["valkey"].rpartition(":")[2])
        with suppress(redis.RedisError), self._stack.startup.broker.administrator(port) as broker:
            broker.execute_command(*command)

    def _database(self, setting: str) -> None:
        server = self._stack.services.database
        assert server is not None
        with server.connect("postgres") as connection:
            connection.execute(f"ALTER DATABASE triage {setting}".encode())
            # The setting is for new connections.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'triage'"
            )
