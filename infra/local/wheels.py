"""The server programs in pinned wheels. They are found without an import: one of the packages warns when imported."""

from importlib.util import find_spec
from pathlib import Path


def wheel_program(package: str, pattern: str) -> Path | None:
    """The first file in an installed package that matches the glob pattern; None if there is none."""
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders for path in sorted(Path(folder).glob(pattern))), None)
