"""A stack of its own, as `triage stack up` starts it: its defences are taken away here."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conftest import System, running_stack
from tests.integration.conftest import REPOSITORY

#: What the command says when all attacks are carried out, and it waits for what the stack says of them.
ALL_TRIED = "waiting for the alarms"
#: What it says when it has judged them.
ALL_JUDGED = "waiting for the end of the runs, to close the alarms"


@pytest.fixture(scope="package")
def attacked(tmp_path_factory) -> Iterator[System]:
    with running_stack(tmp_path_factory.mktemp("attacked")) as running:
        yield running


@pytest.fixture(scope="session")
def rehearse() -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs `triage rehearse … --json`: exit status and document. `on` are called when it has said a line."""

    def run(
        system: System, *arguments: str, on: dict[str, Callable[[], object]] | None = None
    ) -> tuple[int, dict[str, Any]]:
        home = str(system.stack.layout.home)
        with subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", "rehearse", *arguments, "--json"],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "TRIAGE_HOME": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr
            assert process.stdout
            said = []
            for line in process.stderr:
                said.append(line)
                (on or {}).get(line.strip(), lambda: None)()
            printed = process.stdout.read()
        assert printed, "".join(said)
        return process.returncode, json.loads(printed)

    return run


@contextmanager
def asleep(system: System, process: str) -> Iterator[Callable[[], None]]:
    """A process of the stack stands still, until what is yielded is called, or at the end."""
    group = system.stack.processes[process]

    def wake() -> None:
        os.killpg(group, signal.SIGCONT)

    os.killpg(group, signal.SIGSTOP)
    try:
        yield wake
    finally:
        wake()


@contextmanager
def changed(system: System, path: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    """Something that the vault's operator may write reads differently for a while."""
    login = json.loads(system.stack.secrets.read("operator", "vault-identity.json") or "{}")
    url = f"{system.stack.endpoints['vault']}/v1"
    with httpx.Client(trust_env=False, timeout=10) as vault:
        given = vault.post(f"{url}/auth/approle/login", json=login).raise_for_status().json()
        vault.headers["X-Vault-Token"] = given["auth"]["client_token"]
        usual = vault.get(f"{url}/{path}").raise_for_status().json()["data"]
        try:
            vault.post(f"{url}/{path}", json=change(usual)).raise_for_status()
            yield
        finally:
            vault.post(f"{url}/{path}", json=usual).raise_for_status()
