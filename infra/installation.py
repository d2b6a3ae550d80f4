"""Makes `.venv` from the hashed locks: with uv from its wheel, or with pip if uv is not available.

`make` runs it first, with the standard library alone, under the Python of the environment. It reports what it does, and
prints nothing if the environment matches the locks.
"""

import fcntl
import hashlib
import importlib.util
import json
import subprocess
import sys
import time
import tomllib
import venv
from collections import deque
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LOCKS = tuple(f"requirements/{name}.lock" for name in ("runtime", "servers", "dev", "build"))
_UV_LOCK = "requirements/uv.lock"
#: The number of lines that are shown of a failed command.
_TAIL = 15
#: Only wheels: building from source would fetch build tools that are in no lock.
_CHECKED = ("--require-hashes", "--only-binary", ":all:")
_TESTED = ((3, 11), (3, 14))


class InstallationError(Exception):
    """The environment cannot be made; the message gives the reason and, if known, the remedy."""


def main(arguments: list[str]) -> int:
    """Make the environment unless it is current; `--pip` does without uv. Returns the exit status."""
    folder = _ROOT / ".venv"
    try:
        if not is_current(folder, _ROOT):
            with (_ROOT / "pyproject.toml").open() as held:
                _hold(held.fileno())
                _make(folder, with_uv="--pip" not in arguments)
    except (InstallationError, OSError) as error:
        sys.stderr.write(f"Set-up failed: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Set-up interrupted; run it again to complete it.\n")
        return 130
    return 0


def is_current(folder: Path, root: Path) -> bool:
    """Whether the environment was completed with this Python, in this folder, from these locks."""
    try:
        return _stamp(folder).read_text(encoding="utf-8") == fingerprint(folder, root)
    except FileNotFoundError:
        return False


def fingerprint(folder: Path, root: Path) -> str:
    """Changes if the environment must be made again: for another Python, folder, lock or project metadata."""
    facts = hashlib.sha256(f"{folder}\n{sys.base_prefix}\n{sys.version}\n".encode())
    for lock in (*_LOCKS, _UV_LOCK):
        facts.update((root / lock).read_bytes())
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packaging = (project["build-system"], project["project"], project["tool"]["setuptools"])
    facts.update(json.dumps(packaging, sort_keys=True).encode())
    return facts.hexdigest()


def _stamp(folder: Path) -> Path:
    """The file that is written last, so that an interrupted installation starts again."""
    return folder / ".ready"


def _hold(file: int) -> None:
    """Prevent a second installation in the same folder until this process ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InstallationError(
            "another set-up is running in this folder; try again when it has finished"
        ) from None


def _make(folder: Path, *, with_uv: bool) -> None:
    start = time.monotonic()
    version = ".".join(map(str, sys.version_info[:3]))
    _say(f"making .venv with Python {version} ({sys.base_prefix})")
    if not _TESTED[0] <= sys.version_info[:2] <= _TESTED[1]:
        _say(f"Python {version} is untested: 3.11 to 3.14 are tested")
    if importlib.util.find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        raise InstallationError(f"this Python lacks ensurepip; on Debian and Ubuntu: apt install {package}")
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(folder)
    python = str(folder / "bin/python")
    if not (with_uv and _install_with_uv(python)):
        _install_with_pip(python)
    _stamp(folder).write_text(fingerprint(folder, _ROOT), encoding="utf-8")
    _say(f".venv is ready after {time.monotonic() - start:.0f} s")


def _install_with_uv(python: str) -> bool:
    """False if uv is not available or cannot install: unlike pip, it may not reach a mirror or pass a proxy."""
    uv = (f"{Path(python).parent}/uv", "pip", "install", "--python", python)
    _say("fetching uv")
    try:
        _run(*_pip(python), *_CHECKED, "--requirement", _UV_LOCK)
        _say("uv installs the locks")
        # Compiled now, so that warnings about third-party code do not appear in the tests, where they are errors.
        _run(*uv, *_CHECKED, "--compile-bytecode", *_requirements(), report=_uv_step)
        _run(*uv, "--no-deps", "--no-build-isolation", "--editable", ".")
    except InstallationError as error:
        _say(f"not with uv ({str(error).splitlines()[-1].strip()})")
        return False
    return True


def _uv_step(line: str) -> str:
    """The steps in uv's output, without the list of packages."""
    return "" if line.startswith((" ", "Using ")) else f"uv: {line}"


def _install_with_pip(python: str) -> None:
    collected = 0

    def step(line: str) -> str:
        nonlocal collected
        if line.startswith("Installing "):
            return f"pip: installing {collected} packages"
        found = line.startswith(("Collecting ", "Processing "))  # the second for a wheel on this machine
        collected += found
        return f"pip: {collected} packages so far" if found and not collected % 20 else ""

    _say("pip installs the locks, which takes longer than with uv")
    _run(*_pip(python), *_CHECKED, *_requirements(), report=step)
    _run(*_pip(python), "--no-deps", "--no-build-isolation", "--editable", ".")


def _pip(python: str) -> tuple[str, ...]:
    return (python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off")


def _requirements() -> list[str]:
    return [argument for lock in _LOCKS for argument in ("--requirement", lock)]


def _run(*command: str, report: Callable[[str], str] = lambda _: "") -> None:
    """Run a command and print the result of `report` for each line. Raises `InstallationError` with the last lines."""
    tail: deque[str] = deque(maxlen=_TAIL)
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            if line.strip():
                tail.append(line.rstrip())
            if step := report(line.rstrip()):
                _say(step)
    if process.returncode:
        raise InstallationError(
            "\n".join((f"{Path(command[0]).name} ended with {process.returncode}", *tail))
        )


def _say(line: str) -> None:
    sys.stdout.write(f"setup: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
