"""Signs of life that a background process leaves in HEALTH_FILE, for the probe `python -m workers.runtime.health`."""

import logging
from pathlib import Path

from app.connections.secret_files import SettingsError

_WELL = "ok"

log = logging.getLogger(__name__)


class HealthFile:
    """The file that one process touches; without a path nothing is written."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def touch(self, problem: str | None) -> None:
        """Leave a sign of life, with what is in the way or None. The process outlives a disk that is full."""
        try:
            self._write(problem or _WELL)
        except OSError as error:
            log.warning("HEALTH_FILE: %s: %s", self._path, error.strerror)

    def begin(self) -> None:
        """The first sign of life. Raises `SettingsError` when the file cannot be written."""
        try:
            self._write("starting")
        except OSError as error:
            raise SettingsError(f"HEALTH_FILE: {self._path}: {error.strerror}") from None

    def _write(self, text: str) -> None:
        if self._path is not None:
            self._path.write_text(f"{text}\n", encoding="utf-8")
