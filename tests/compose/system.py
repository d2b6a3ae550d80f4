"""The system of docker-compose.yml as the test sees it: `docker` and `docker-compose` on one project."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_COMPOSE = Path(sys.executable).parent / "docker-compose"
_PATIENCE = 240


@dataclass(frozen=True)
class Container:
    """One container, by what `docker inspect` says of it."""

    told: dict[str, Any]

    @property
    def id(self) -> str:
        return self.told["Id"]

    @property
    def service(self) -> str:
        return self.told["Config"]["Labels"]["com.docker.compose.service"]

    @property
    def name(self) -> str:
        return self.told["Name"].removeprefix("/")

    @property
    def runs(self) -> bool:
        return self.told["State"]["Running"]

    @property
    def health(self) -> str:
        """`healthy`, `unhealthy`, `starting`; empty where none is looked at."""
        return (self.told["State"].get("Health") or {}).get("Status", "")

    @property
    def addresses(self) -> list[str]:
        """One in each of its networks."""
        networks = self.told["NetworkSettings"]["Networks"].values()
        return [network["IPAddress"] for network in networks if network["IPAddress"]]


@dataclass(frozen=True, kw_only=True)
class System:
    """One project on one engine."""

    project: str
    environment: Mapping[str, str]
    """Where the engine is, and the settings of docker-compose.yml."""

    @cached_property
    def _told(self) -> dict[str, str]:
        # The classic builder: the other one is a plugin that not every engine comes with.
        return {**os.environ, **self.environment, "DOCKER_BUILDKIT": "0"}

    @property
    def image(self) -> str:
        return self.environment["TRIAGE_IMAGE"]

    @property
    def pages(self) -> str:
        return f"https://localhost:{self.environment['PAGES_PORT']}"

    def docker(self, *arguments: str, text: str | None = None, seconds: float = _PATIENCE) -> str:
        return self._run(["docker", *arguments], text, seconds)

    def compose(self, *arguments: str, text: str | None = None, seconds: float = _PATIENCE) -> str:
        line = [str(_COMPOSE), "--project-name", self.project, "--progress", "quiet", *arguments]
        return self._run(line, text, seconds)

    def _run(self, line: Sequence[str], text: str | None, seconds: float) -> str:
        ended = subprocess.run(
            line,
            input=text if text is not None else "",
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            cwd=ROOT,
            env=self._told,
        )
        assert ended.returncode == 0, f"{' '.join(line)}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def up(self, *more: str) -> None:
        """Bring everything up with two workers; returns when the one-shot services are done."""
        self.compose("up", "--detach", "--no-build", "--pull", "never", "--scale", "worker=2", *more)

    def containers(self, *services: str, also_ended: bool = False) -> list[Container]:
        """Those that run, or of these services only."""
        ids = self.compose("ps", "--all", "--quiet", *services).split()
        found = [Container(told) for told in json.loads(self.docker("inspect", *ids))] if ids else []
        return [each for each in found if each.runs or also_ended]

    def triage(self, *arguments: str) -> str:
        """A command of ours, typed into the container of the pages."""
        return self.compose("exec", "--no-TTY", "web", "triage", *arguments)

    def python(self, service: str, program: str, *arguments: str) -> str:
        """What a program prints in a container of ours."""
        return self.compose("exec", "--no-TTY", service, "python", "-c", program, *arguments)

    def runs(self) -> list[dict[str, Any]]:
        return json.loads(self.triage("runs", "--json"))

    def in_network_of(self, container: Container, program: str, text: str) -> str:
        """What a Python program prints that shares the network of a container, whatever is in its image."""
        return self.docker(
            *("run", "--rm", "--interactive", f"--network=container:{container.id}", "--read-only"),
            *(self.image, "python", "-c", program),
            text=text,
        )
