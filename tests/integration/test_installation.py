"""make setup: which Python it takes, when it makes .venv anew, and that it checks hashes."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra import installation

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("runtime", "servers", "dev", "build", "uv")
#: Stands for setuptools, so that nothing needs to be fetched.
BACKEND = """
from zipfile import ZipFile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "triage-1-py3-none-any.whl"
    with ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("triage-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: triage\\nVersion: 1\\n")
        wheel.writestr("triage-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("triage-1.dist-info/RECORD", "")
    return name
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "triage"
version = "1"
[tool.setuptools]
"""


@pytest.fixture
def project(tmp_path):
    """A small project with locks, one package in them, and that package's wheel."""
    wheel = tmp_path / "wheels/small-1-py3-none-any.whl"
    wheel.parent.mkdir()
    with ZipFile(wheel, "w") as file:
        file.writestr("small.py", "")
        file.writestr("small-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1\n")
        file.writestr(
            "small-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr("small-1.dist-info/RECORD", "")
    root = tmp_path / "project"
    (root / "requirements").mkdir(parents=True)
    for name in GROUPS:
        (root / f"requirements/{name}.lock").touch()
    (root / "requirements/runtime.lock").write_text(
        f"small==1 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"
    )
    (root / "requirements/uv.lock").write_text(f"uv==1 --hash=sha256:{'0' * 64}\n")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "infra").mkdir()
    (root / "infra/__init__.py").touch()
    shutil.copy(ROOT / "infra/installation.py", root / "infra")
    return root


def set_up(project, *arguments, python=sys.executable):
    """Run the installation there, with the project's own wheels as the only source."""
    environment = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project.parent / "wheels"),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return subprocess.run(
        [python, "-m", "infra.installation", *arguments],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_uv_pip_installs_what_the_locks_name_with_these_hashes_and_nothing_else(project):
    lock = project / "requirements/runtime.lock"
    right = lock.read_text()
    lock.write_text(f"small==1 --hash=sha256:{'0' * 64}\n")
    refused = set_up(project, "--pip")
    assert refused.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list((project / ".venv").rglob("small.py"))

    lock.write_text(right)
    own = project / ".venv/bin/python"  # what the set-up before has left
    complete = set_up(project, python=own)
    assert (complete.returncode, complete.stderr) == (0, "")
    assert "not with uv (ERROR: No matching distribution found for uv==1" in complete.stdout
    assert "pip: installing 1 packages" in complete.stdout
    subprocess.run([own, "-c", "import small"], check=True, timeout=30)
    for python in (sys.executable, own):
        again = set_up(project, python=python)
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.fixture
def current(project):
    """The project, with an environment that is as the locks want it."""
    folder = project / ".venv"
    folder.mkdir()
    (folder / ".ready").write_text(installation.fingerprint(folder, project))
    assert installation.is_current(folder, project)
    return project


@pytest.mark.parametrize("name", GROUPS)
def test_another_lock_makes_the_environment_anew(current, name):
    with (current / f"requirements/{name}.lock").open("a") as lock:
        lock.write("\n")
    assert not installation.is_current(current / ".venv", current)


def test_another_place_version_or_python_makes_it_anew_and_a_rule_for_ruff_does_not(current, monkeypatch):
    with (current / "pyproject.toml").open("a") as file:
        file.write("[tool.ruff]\nline-length = 1\n")
    assert installation.is_current(current / ".venv", current)
    moved = current.rename(current.with_name("moved"))
    assert not installation.is_current(moved / ".venv", moved)
    back = moved.rename(current)
    assert installation.is_current(back / ".venv", back)
    with monkeypatch.context() as other:
        other.setattr(sys, "base_prefix", "/opt/python")
        assert not installation.is_current(back / ".venv", back)
    (back / "pyproject.toml").write_text(PYPROJECT.replace('version = "1"', 'version = "2"'))
    assert not installation.is_current(back / ".venv", back)


def test_a_python_without_ensurepip_gets_the_name_of_debians_package(project, monkeypatch, capsys):
    monkeypatch.setattr(installation, "_ROOT", project)
    monkeypatch.setattr(installation.importlib.util, "find_spec", lambda _: None)
    assert installation.main([]) == 1
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert capsys.readouterr().err.endswith(f"apt install {package}\n")


def test_two_set_ups_do_not_write_into_one_folder(project, monkeypatch, capsys):
    monkeypatch.setattr(installation, "_ROOT", project)
    with (project / "pyproject.toml").open() as held:
        installation._hold(held.fileno())
        assert installation.main([]) == 1
    assert "another set-up is running" in capsys.readouterr().err


def chosen(folder, *goals):
    """Which of these Pythons make takes, or what it says."""
    options = ("--no-print-directory", "VENV=/nowhere", "--eval=chosen:;@echo $(PYTHON);")
    return subprocess.run(
        [shutil.which("make"), *options, *goals],
        cwd=ROOT,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_make_takes_a_python_that_runs_and_is_promised(tmp_path):
    for name in ("python3", "python3.14"):  # as the shims of pyenv for versions that are not installed
        (tmp_path / name).write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / name).chmod(0o755)
    refused = chosen(tmp_path, "ready")
    assert refused.returncode != 0
    assert refused.stderr.startswith("No Python 3.11 to 3.14 found")
    (tmp_path / "python3.12").symlink_to(sys.executable)
    (tmp_path / "python3.11").symlink_to(sys.executable)
    assert chosen(tmp_path, "chosen").stdout == "python3.12\n"
    assert chosen(tmp_path, "chosen", "PYTHON=python3.11").stdout == "python3.11\n"
    old = chosen(tmp_path, "ready", "PYTHON=python3")
    assert old.stderr.startswith("PYTHON=python3 does not run as Python 3.11 or newer")


def test_the_list_of_commands_fits_a_terminal():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "make demo" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
