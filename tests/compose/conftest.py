"""The whole system of docker-compose.yml on a Docker engine: started once, looked at, and taken down without a trace.

Run by `make compose-test` alone: it takes minutes, root, and an engine.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.docker import stand_ins
from tests.compose.engine import NO_ENGINE, NoEngineError, engine
from tests.compose.system import ROOT, System

collect_ignore_glob = [] if "COMPOSE_TEST" in os.environ else ["test_*.py"]

_INDEXES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "NPM_CONFIG_REGISTRY")


@pytest.fixture(scope="session", autouse=True)
def _ended_by_a_signal_as_by_ctrl_c() -> None:
    """Fixtures clean up then."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


FIGURES = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def figures(pytestconfig) -> dict[str, str]:
    """What took how long, printed at the end."""
    return pytestconfig.stash.setdefault(FIGURES, {})


def pytest_terminal_summary(terminalreporter, config) -> None:
    for name, value in config.stash.get(FIGURES, {}).items():
        terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def docker_environment(figures, pytestconfig) -> Iterator[dict[str, str]]:
    """What leads `docker` to the engine."""
    left: list[dict[str, list[str]]] = []
    try:
        with engine(left) as environment:
            yield environment
            began = time.monotonic()
        figures["end of the engine"] = f"{time.monotonic() - began:.0f} s"
    except NoEngineError as reason:
        pytest.exit(f"compose-test cannot run: {reason}", returncode=NO_ENGINE)
    assert left in ([], [{}]), f"left on the machine: {left}"


@pytest.fixture(scope="session")
def system(request, docker_environment, figures) -> Iterator[System]:
    """Images are built or, of servers, pulled; where no registry answers, stand-ins are made and removed again."""
    project = f"triage-test-{secrets.token_hex(3)}"
    pages, sign_in = free_ports(2)
    settings = {
        "TRIAGE_IMAGE": f"{project}:made",
        "PAGES_PORT": str(pages),
        "SIGN_IN_PORT": str(sign_in),
        # An attempt that was lost with its worker, and a SecretID, are replaced within the time of this test.
        "ATTEMPT_LEASE": "10",
        "INFRASTRUCTURE_SECRET_ID_TTL": "40",
        # Slow enough to be killed in the middle of a run.
        "MOCK_LATENCY_MS": "500",
    }
    system = System(project=project, environment={**docker_environment, **settings})
    had, stood_in = set(images(system)), False
    try:
        began = time.monotonic()
        stood_in = bring_images(system)
        figures["images of servers"] = f"{time.monotonic() - began:.0f} s"
        began = time.monotonic()
        build(system)
        figures["build"] = f"{time.monotonic() - began:.0f} s"
        figures["size"] = sizes(system)
        try:
            yield system
            if request.session.testsfailed:
                tell(system)
        finally:
            began = time.monotonic()
            system.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")
            figures["down"] = f"{time.monotonic() - began:.0f} s"
            assert not leftovers(system)
    finally:
        made = set(images(system)) - had
        # An engine of our own ends with its images; on another one, what stands in for a server must not stay.
        kept = () if stood_in else stand_ins.wanted()
        if not docker_environment and (mine := made - set(kept)):
            system.docker("rmi", "--force", *mine)


@pytest.fixture(scope="session")
def up(system, until, figures) -> System:
    """Everything runs and says that it is well."""
    began = time.monotonic()
    system.up()
    figures["up with two workers"] = f"{time.monotonic() - began:.0f} s"

    def unwell() -> list[str]:
        return [each.name for each in system.containers() if each.health not in ("healthy", "")]

    try:
        until(lambda: not unwell(), seconds=240, what="good health of every container")
    except AssertionError:
        tell(system)
        raise
    return system


def tell(system: System) -> None:
    """What there is to know of a system in which a test failed, into the report."""
    sys.stdout.write(system.compose("ps", "--all"))
    sys.stdout.write(system.compose("logs", "--no-color", "--tail", "25"))


def images(system: System) -> list[str]:
    found = system.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    return [name for name in found if not name.startswith("<none>")]


def bring_images(system: System) -> bool:
    """Pull what is missing, or make stand-ins; whether there are any of those."""
    missing = [image for image in stand_ins.wanted() if image not in images(system)]
    if missing and can_pull(system, missing[0]):
        for image in missing:
            system.docker("pull", "--quiet", image, seconds=600)
        return False
    stand_ins.build(missing, system.docker, Path.home() / ".cache/triage-compose")
    return bool(missing)


def can_pull(system: System, image: str) -> bool:
    try:
        system.docker("pull", "--quiet", image, seconds=30)
    except (AssertionError, subprocess.TimeoutExpired):
        return False
    return True


def build(system: System) -> None:
    """The image, from the package indexes that this machine is set to use, over its own network."""
    indexes = [f"--build-arg={name}" for name in _INDEXES if os.environ.get(name)]
    system.docker(
        *("build", "--quiet", "--network=host", f"--tag={system.image}", *indexes, str(ROOT)), seconds=600
    )


def sizes(system: System) -> str:
    """Of the image, in megabytes, and how much of it the base is."""
    base = stand_ins.wanted()[0]
    whole, part = (
        int(system.docker("image", "inspect", "--format", "{{.Size}}", name)) // 1_000_000
        for name in (system.image, base)
    )
    return f"{whole} MB, {whole - part} besides the base"


def leftovers(system: System) -> list[str]:
    """Of this project on the engine."""
    label = f"--filter=label=com.docker.compose.project={system.project}"
    return [
        found
        for kind in ("container", "network", "volume")
        for found in system.docker(kind, "ls", "--quiet", label).split()
    ]


def free_ports(count: int) -> list[int]:
    """Below those that the kernel gives to connections, which could take one before it is used."""
    found: list[int] = []
    while len(found) < count:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as one:
            if port not in found and one.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found
