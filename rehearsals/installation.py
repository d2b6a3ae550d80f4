"""The local stack that is attacked: its addresses, files and processes, and what its operators can look at."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import psycopg
import redis
from psycopg.rows import dict_row
from sqlalchemy import Engine

from app.connections.database import Sessions, connect, sessions
from app.settings import Settings
from infra.local.environments import Environments
from infra.local.leftovers import is_alive
from infra.local.options import StackOptions
from infra.local.state import Layout, StackRecord, read_record, state_folder
from infra.postgres.server import Server
from infra.secrets_folder import SecretsFolder
from rehearsals.attack import UnprovenError

Found = TypeVar("Found")
#: The parts that an attack touches. Each must be the stack's own.
OWN = ("vault", "postgres", "valkey")
REFUSED = "rehearsals attack what is theirs to break: they run against a local stack only"


class RefusedError(Exception):
    """Nothing is rehearsed, for want of a local stack that is free for it. The text is one sentence."""


def until(condition: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """What `condition` returns as soon as it is true. Raises `UnprovenError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise UnprovenError(f"{what} did not come within {seconds:g} s")
        time.sleep(0.05)
    return found


class Installation:
    """One running local stack."""

    def __init__(self, layout: Layout, record: StackRecord) -> None:
        self.layout = layout
        self.endpoints = record.endpoints
        self.secrets = SecretsFolder(layout.secrets)
        self._record = record

    @classmethod
    def find(cls) -> "Installation":
        """The stack that runs here. Raises `RefusedError`."""
        layout = Layout(state_folder())
        record = read_record(layout)
        if "DATABASE_URL" in os.environ:
            raise RefusedError(f"{REFUSED}, and DATABASE_URL names another installation")
        if record is None or not record.ready or not is_alive(record.supervisor):
            raise RefusedError(f"{REFUSED}, and none is running here: start one with `triage stack up`")
        foreign = [part.name for part in record.parts if part.outside]
        missing = [name for name in OWN if name not in record.endpoints]
        if foreign or missing:
            raise RefusedError(f"{REFUSED}, and {', '.join(foreign or missing)} of this one runs elsewhere")
        return cls(layout, record)

    def environment(self, process: str) -> dict[str, str]:
        """The variables of a command that a person starts: cli or worker."""
        return self._record.environments[process]

    def environment_of(self, process: str) -> dict[str, str]:
        """The variables of a process of the stack, such as the reconciler."""
        made = Environments(self.layout, StackOptions())
        made.endpoints = dict(self.endpoints)
        return made.of(process)

    def settings_of(self, process: str) -> Settings:
        """The settings of a process of the stack."""
        known: dict[str, Any] = {name.lower(): value for name, value in self.environment_of(process).items()}
        return Settings(**{name: value for name, value in known.items() if name in Settings.model_fields})

    @cached_property
    def settings(self) -> Settings:
        """The settings of the command line."""
        return self.settings_of("cli")

    @cached_property
    def _engine(self) -> Engine:
        return connect(self.settings, pool_size=2)

    @property
    def sessions(self) -> Sessions:
        """The database as the pages see it."""
        return sessions(self._engine)

    def close(self) -> None:
        """Close the connections to the database."""
        if "_engine" in self.__dict__:
            self._engine.dispose()

    @property
    def database(self) -> Server:
        """The database server as its administrator reaches it, for what an operator looks at."""
        address = self.endpoints["postgres"].removeprefix("postgresql://")
        password = self.secrets.read("operator", "database-admin-password") or ""
        return Server(address=f"postgresql://postgres@{address}/postgres?sslmode=disable", password=password)

    def rows(self, query: str, *values: object, database: str = "triage") -> list[dict[str, Any]]:
        """Rows of the application's database."""
        with self.database.connect(database) as connection:
            return connection.cursor(row_factory=dict_row).execute(query.encode(), values).fetchall()

    @contextmanager
    def workers_asleep(self) -> Iterator[None]:
        """The thief is faster than the workers: they stand still, and none waits for a message any more."""
        groups = [each.pid for each in self._record.processes if each.name.startswith("worker-")]
        try:
            for group in groups:
                os.killpg(group, signal.SIGSTOP)
            with self._broker_administrator() as server:
                until(lambda: not _waits(server), seconds=10, what="the end of the workers' last question")
            yield
        finally:
            for group in groups:
                os.killpg(group, signal.SIGCONT)

    def _broker_administrator(self) -> redis.Redis:
        password = self.secrets.read("operator", "broker-admin-password")
        host, _, port = self.endpoints["valkey"].rpartition("/")[2].rpartition(":")
        return redis.Redis(
            host=host, port=int(port), username="administrator", password=password, decode_responses=True
        )

    def ledger(self, user: str, password: str) -> psycopg.Connection:
        """A session with the ledger, as its user makes one."""
        host, _, port = self.endpoints["postgres"].rpartition("/")[2].rpartition(":")
        return psycopg.connect(
            host=host,
            port=int(port),
            dbname="ledger",
            user=user,
            password=password,
            connect_timeout=5,
            autocommit=True,
        )


def _waits(server: redis.Redis) -> bool:
    return any("b" in each["flags"] and each["user"] == "worker" for each in server.client_list())
