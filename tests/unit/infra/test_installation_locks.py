"""The locks that make setup installs, for every supported Python."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.markers import Environment, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = {"runtime": PROJECT["project"]["dependencies"], **PROJECT["dependency-groups"]}
#: Packages have asked for others below 3.11.3, which is what Debian 12 has.
PYTHONS = ("3.11.0", "3.11.2", "3.11.3", "3.12.0", "3.13.0", "3.14.0")
ENTRY = re.compile(
    r"(?P<pin>[a-z0-9-]+==[\w.]+( ; [^\\#]+)?) \\\n(?P<hashes>(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+)"
)
REASON = re.compile(r"    # .*\n")


def lock(name):
    """The text of one lock."""
    return (ROOT / f"requirements/{name}.lock").read_text(encoding="utf-8")


def pins(name, python=None):
    """The requirements of one lock, or those of them that hold for a Python on Linux."""
    found = [Requirement(entry["pin"]) for entry in ENTRY.finditer(lock(name))]
    if python is None:
        return found
    return [pin for pin in found if pin.marker is None or pin.marker.evaluate(environment(python))]


def environment(python):
    """What markers ask for."""
    known = {"python_version": python.rpartition(".")[0], "python_full_version": python, "extra": ""}
    return Environment(**{**default_environment(), **known})


def test_there_is_a_lock_for_each_group_and_no_other():
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_a_lock_is_versions_with_hashes_and_nothing_else(name):
    assert REASON.sub("", ENTRY.sub("", lock(name))) == "", "an option, or a requirement without a hash"
    assert "://" not in lock(name)
    assert pins(name)


def test_no_two_locks_differ_about_a_package():
    versions = {}
    for name in DECLARED:
        for pin in pins(name):
            versions.setdefault(pin.name, set()).add(str(pin.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", DECLARED)
def test_a_lock_holds_all_that_is_asked_for(name, python):
    """What the project declares and, as far as it is installed here, what those packages ask for in turn."""
    pinned = {canonicalize_name(pin.name): pin for pin in pins(name, python)}
    assert len(pinned) == len(pins(name, python)), "a package twice"
    waiting, seen = [Requirement(text) for text in DECLARED[name]], set()
    while waiting:
        wanted = waiting.pop()
        pin = pinned.get(canonicalize_name(wanted.name))
        assert pin is not None, f"{wanted} is not in {name}.lock for Python {python}"
        (version,) = pin.specifier
        assert wanted.specifier.contains(version.version), f"{pin} is not {wanted}"
        for extra in ("", *wanted.extras):
            if (pin.name, extra) not in seen:
                seen.add((pin.name, extra))
                waiting += asked_for(pin.name, {**environment(python), "extra": extra})


def asked_for(package, markers):
    """What an installed package asks for; nothing where it is not installed, as for another Python than this."""
    try:
        stated = [Requirement(text) for text in requires(package) or ()]
    except PackageNotFoundError:
        return []
    return [one for one in stated if one.marker is None or one.marker.evaluate(markers)]


def test_the_run_time_lock_has_nothing_of_the_other_groups():
    others = {
        Requirement(text).name for name, group in DECLARED.items() if name != "runtime" for text in group
    }
    assert not others & {pin.name for pin in pins("runtime")}


def test_the_project_is_built_with_what_its_lock_names():
    assert PROJECT["build-system"]["requires"] == DECLARED["build"]
