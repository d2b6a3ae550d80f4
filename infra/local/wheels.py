"""Where pinned wheels keep the real servers.  Found without importing them: one of them warns when imported."""

from importlib.util import find_spec
from pathlib import Path


def wheel_folder(package: str) -> Path | None:
    """The folder of an installed package, or None when it is not installed."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def wheel_program(package: str, pattern: str) -> Path | None:
    """The first file below an installed package that matches the glob pattern."""
    folder = wheel_folder(package)
    return None if folder is None else next(iter(sorted(folder.glob(pattern))), None)
