"""Commands, processes and relays beside the shared system."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
Change = Callable[[bytes], bytes]


@pytest.fixture
def expired() -> dict[str, Any]:
    """A scenario with one thing wrong, as the file of a variation: what `triage evaluate` is tried on."""
    status = "/sam-gov/0/entityRegistration/registrationStatus"
    return {
        "title": "An expired registration",
        "base": "new-award",
        "number": 990,
        "changes": [{"op": "replace", "path": status, "value": "Expired"}],
        "expected": [{"rule": "R01", "subject": "Z000PRMEVND1", "severity": "blocking"}],
    }


@pytest.fixture(scope="session")
def triage(tmp_path_factory) -> Callable[..., tuple[int, str, list[str]]]:
    """Runs the command as a person would, in an empty folder; returns status, standard output, lines of errors."""
    folder = tmp_path_factory.mktemp("command")
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}

    def run(
        *arguments: object, environment: dict[str, str], typed: str | None = None
    ) -> tuple[int, str, list[str]]:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli.main", *map(str, arguments)],
            input=typed,
            cwd=folder,
            env=plain | environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr.splitlines()

    return run


class Relay:
    """A TCP relay to a server on this machine, which may change what it passes on; it ends with `close`."""

    def __init__(self, port: int, to_server: Change, to_client: Change, at: int) -> None:
        self._target = port
        self._changes = (to_server, to_client)
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", at))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Cut every connection, and take no other."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                for source, target, change in zip(
                    (client, server), (server, client), self._changes, strict=True
                ):
                    Thread(target=self._pass_on, args=(source, target, change), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, change: Change) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                target.sendall(change(chunk))
            target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(system) -> Iterator[Callable[..., Relay]]:
    """Makes relays, to the database unless a port is named: `relay(to_server=…, to_client=…)`, from bytes to bytes.

    They listen on any free port, or on `at`.
    """
    made: list[Relay] = []

    def make(
        port: int | None = None, *, to_server: Change = bytes, to_client: Change = bytes, at: int = 0
    ) -> Relay:
        made.append(Relay(port or system.stack.services.database.port, to_server, to_client, at))
        return made[-1]

    yield make
    for each in made:
        each.close()


@dataclass(frozen=True)
class Started:
    """A process of the application, and the file with what it wrote to standard error."""

    process: subprocess.Popen[bytes]
    errors: Path

    def refused(self) -> list[str]:
        """What a process that will not start writes before it ends with status 2."""
        status = self.process.wait(120)
        lines = self.errors.read_text().splitlines()
        assert status == 2, lines
        return lines


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Started]]:
    """Starts processes as a person would: `start("workers.sweep", environment={…})`; ends them after the test."""
    started: list[Started] = []

    def run(module: str, *arguments: str, environment: Mapping[str, str]) -> Started:
        errors = tmp_path / f"errors-{len(started)}"
        with errors.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=REPOSITORY,
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
            )
        started.append(Started(process, errors))
        return started[-1]

    yield run
    for each in started:
        with suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait(10)


@pytest.fixture
def through(system) -> Callable[..., dict[str, str]]:
    """The variables that lead a process to another port or database: `through("sweeper", port, database="other")`."""

    def changed(process: str, port: int, *, database: str = "triage") -> dict[str, str]:
        login = system.stack.environment(process)["DATABASE_URL"].rpartition("@")[0]
        return {"DATABASE_URL": f"{login}@127.0.0.1:{port}/{database}"}

    return changed
