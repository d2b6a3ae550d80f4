"""The files that docs/copy-the-pattern.md lists, in an empty folder, carry a run of another domain on real servers.

The domain (`toy/`) waters a garden: one tool takes an API key, the other a database user. All that is needed besides
the files of the guide is in `toy/`; no process of the copy may open a file of this repository.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.ports import LOOPBACK, Ports
from infra.local.postgres_server import PostgresServer
from infra.local.process_table import ProcessTable
from infra.local.state import Layout
from infra.local.valkey_server import ValkeyServer
from infra.local.vault_server import VaultServer, find_binary
from infra.secrets_folder import SecretsFolder

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs" / "copy-the-pattern.md"
TOY = Path(__file__).parent / "toy"
MOST_FILES, MOST_LINES = 158, 16_480
#: What the pattern must not know, as beginnings of words.
PROCUREMENT = re.compile(
    r"(?<![a-z])(procure|contract|vendor|award|sam(?![a-z])|piid|uei(?![a-z])|officer|debar|exclusion|ledger|federal"
    r"|solicitation|obligation|appropriation|acquisition|agency|treasury)",
    re.IGNORECASE,
)


def listed() -> list[str]:
    """The files in the guide's code blocks, in its order."""
    blocks = re.findall(r"^```text\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_guide_lists_few_files_and_none_that_speaks_of_procurement():
    texts = {name: (REPOSITORY / name).read_text() for name in listed()}
    assert len(texts) == len(listed()) <= MOST_FILES
    assert sum(len(text.splitlines()) for text in texts.values()) <= MOST_LINES
    spoken = {
        name: found.group()
        for name, text in texts.items()
        if (found := PROCUREMENT.search(f"{name}\n{text}"))
    }
    assert spoken == {}


@pytest.fixture
def copy(tmp_path):
    """An empty folder with the listed files, the packages' empty `__init__.py`, and the toy domain."""
    folder = tmp_path / "copy"
    for name in listed():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, target)
        if target.suffix == ".py" and "migrations" not in target.parts:
            for package in target.parents[: len(Path(name).parents) - 1]:
                (package / "__init__.py").touch()
    shutil.copytree(TOY, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def servers(tmp_path):
    """New servers that hold nothing yet: their addresses, and the folder with their administrators' passwords."""
    layout = Layout(tmp_path / "servers")
    layout.create()
    secrets = SecretsFolder(tmp_path / "administrators")
    for owner, name in (("operator", "database-admin-password"), ("operator", "broker-admin-password")):
        secrets.replace(owner, name, "only-of-this-test")
    secrets.replace(
        "valkey", "users.acl", "user default off\nuser administrator on >only-of-this-test ~* &* +@all\n"
    )
    processes = ProcessTable(ports=Ports(tmp_path / "ports", usual=False), patience=20, changed=lambda: None)
    try:
        postgres = PostgresServer(layout, secrets)
        processes.run(postgres.preparation())
        postgres.prepared()
        valkey = ValkeyServer(layout, secrets)
        vault = VaultServer(layout=layout, binary=find_binary(None))
        ports = {
            "postgres": processes.serve("postgres", build=postgres.command, ready=postgres.ready),
            "valkey": processes.serve("valkey", build=valkey.command, ready=valkey.ready),
            "vault": processes.serve("vault", build=vault.command, ready=vault.ready),
        }
        yield ports, layout.audit_log
    finally:
        processes.stop_all()


class Garden:
    """The processes of the copy, each with its own variables; what they write on stderr is in `errors`."""

    def __init__(self, copy: Path, ports: dict[str, int], audit_log: Path) -> None:
        self.folder = copy.parent / "garden"
        self.secrets = self.folder / "secrets"
        self.secrets.mkdir(parents=True, mode=0o700)
        for name in ("database-admin-password", "broker-admin-password"):
            shutil.copy(copy.parent / "administrators" / "operator" / name, self.secrets / name)
        self.opened = self.folder / "opened"
        self.errors = self.folder / "errors"
        self.weather = Ports(self.folder / "ports", usual=False).choose("weather")
        self._copy = copy
        self._started: list[subprocess.Popen[str]] = []
        postgres, valkey, vault = (f"{LOOPBACK}:{ports[name]}" for name in ("postgres", "valkey", "vault"))
        self._shared = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(copy),
            "ORIGINAL_REPOSITORY": str(REPOSITORY),
            "OPENED_FILES": str(self.opened),
            "SECRETS_FOLDER": str(self.secrets),
            "VAULT_ADDR": f"http://{vault}",
            "VAULT_AUDIT_LOG": str(audit_log),
            "DATABASE_ADMIN_URL": f"postgresql://postgres@{postgres}/postgres?sslmode=disable",
            "REDIS_ADMIN_URL": f"redis://administrator@{valkey}",
            "WEATHER_URL": f"http://{LOOPBACK}:{self.weather}",
            "SOIL_URL": f"postgresql://{postgres}/soil",
        }
        self._databases = f"{postgres}/garden"
        self._broker = valkey

    def variables(self, process: str, role: str, *, identity: str | None = None) -> dict[str, str]:
        """The variables with a process's own logins at the database, the broker and the vault."""
        own = {
            "DATABASE_URL": f"postgresql://{role}@{self._databases}",
            "DATABASE_PASSWORD_FILE": str(self.secrets / f"{process}-database-password"),
            "REDIS_URL": f"redis://{process}@{self._broker}/0",
            "REDIS_PASSWORD_FILE": str(self.secrets / f"{process}-broker-password"),
        }
        if process == "worker":
            own["RUN_ROLE_ID_FILE"] = str(self.secrets / "worker-run-role-id")
        if identity:
            own["VAULT_IDENTITY_FILE"] = str(self.secrets / f"{identity}-vault-identity.json")
        return own

    def start(self, *line: str, **variables: str) -> None:
        """Start a process of the copy."""
        self._started.append(self._open(line, variables))

    def run(self, *line: str, **variables: str) -> str:
        """Run a program of the copy to its end; what it printed."""
        process = self._open(line, variables)
        self._started.append(process)
        printed, _ = process.communicate(timeout=60)
        assert process.returncode == 0, self.errors.read_text()
        return printed

    def _open(self, line: tuple[str, ...], variables: dict[str, str]) -> subprocess.Popen[str]:
        with self.errors.open("a") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", *line],
                cwd=self._copy,
                env={**self._shared, **variables},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End every process, the last first."""
        for process in reversed(self._started):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._started:
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


@pytest.fixture
def garden(copy, servers):
    made = Garden(copy, *servers)
    try:
        yield made
    finally:
        made.stop()


def test_a_copy_carries_a_run_of_another_domain(garden):
    garden.run("garden.prepare")
    garden.start("garden.weather", str(garden.weather))
    for process, module in (("dispatcher", "workers.runtime.dispatcher"), ("sweeper", "garden.sweep")):
        garden.start(module, **garden.variables(process, f"triage_{process}", identity=process))
    garden.start("garden.launch", "--concurrency", "1", **garden.variables("worker", "triage_worker"))
    left = json.loads(garden.run("garden.ask", **garden.variables("gardener", "triage_app", identity="web")))

    assert (left["run"]["state"], left["run"]["failure"]) == ("completed", None), garden.errors.read_text()
    (attempt,) = left["attempt"]
    assert (attempt["state"], attempt["revoked_by"]) == ("finished", "run end")
    assert {step["tool"]: step["outcome"] for step in left["step"]} == {
        "weather": "answered",
        "soil": "answered",
    }
    issued = {credential["tool"]: credential for credential in left["credential"]}
    assert {tool: (each["kind"], each["ended_by"]) for tool, each in issued.items()} == {
        "weather": ("api-key", "run end"),
        "soil": ("database-user", "run end"),
    }
    assert {call["credential_id"] for call in left["call"]} == {
        each["credential_id"] for each in issued.values()
    }
    assert [(row["litres"], row["reason"]) for row in left["watering"]] == [
        ("14.5", "22 % at the driest probe")
    ]
    assert (left["denial"], left["alarm"]) == ([], [])

    assert (left["alive"], left["living_is_alive"]) == ([], True)
    assert {attempt["login_request_id"], *(each["request_id"] for each in issued.values())} <= set(
        left["answered"]
    )
    assert {"auth/token/create/weather", "database/creds/soil-reader", "auth/token/revoke-self"} <= set(
        left["paths"]
    )

    garden.stop()
    assert garden.opened.read_text() == ""
