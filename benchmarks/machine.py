"""General facts about the machine and the programs of a measurement, without names and paths."""

import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.aftermath import rows
from infra.local.stack import LocalStack

ROOT = Path(__file__).parents[1]


def facts(stack: LocalStack) -> dict[str, Any]:
    """Time, commit, machine, and the versions of the servers of this stack."""
    (postgres,) = rows(stack, "SELECT current_setting('server_version') AS version")
    vault = httpx.get(f"{stack.endpoints['vault']}/v1/sys/health", trust_env=False).json()
    return {
        "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "commit": commit(),
        "machine": {
            "cores": psutil.cpu_count(),
            "processor": _processor(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30),
            "file_system": _file_system(stack.layout.home),
        },
        "versions": {
            "python": platform.python_version(),
            "postgresql": postgres["version"],
            "openbao": vault["version"],
        },
    }


def commit() -> str:
    """The commit of this tree, with a plus sign if files of it were changed; "unknown" without git."""
    found = _git("rev-parse", "--short=8", "HEAD")
    changed = found and _git("status", "--porcelain", "--untracked-files=no")
    return f"{found}+" if changed else found or "unknown"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _file_system(folder: Path) -> str:
    """The kind of the file system that holds a folder: what a vault on raft waits for."""
    held = [
        part for part in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(part.mountpoint)
    ]
    return max(held, key=lambda part: len(part.mountpoint)).fstype if held else "unknown"
