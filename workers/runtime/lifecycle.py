"""What all background processes do: check settings, stop on a signal, leave signs of life."""

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TypeVar

import structlog

from app.connections.database import database_password
from app.connections.secret_files import SettingsError, read_identity
from app.connections.settings import ConnectionSettings, load
from app.connections.starting import check_all
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.heartbeat import Heartbeat
from workers.runtime.broker import broker_login
from workers.runtime.vault_clock import VaultClock

log = structlog.get_logger()
Loaded = TypeVar("Loaded", bound=ConnectionSettings)


def configured(kind: type[Loaded], *needed: str) -> Loaded:
    """The settings of a process, of which those named in `needed` must be set, with their files read once.

    Nothing connects. The settings, which name files of secrets and hold none, are in the log. Raises `SettingsError` with one line per variable that is wrong or missing.
    """
    settings = load(kind, *needed)
    check_all(
        lambda: trust_of(settings),
        lambda: database_password(settings),
        lambda: "redis_url" in needed and broker_login(settings),
        lambda: "vault_identity_file" in needed and read_identity(settings.file("vault_identity_file")),
        lambda: "run_role_id_file" in needed and RunRoleId(settings.file("run_role_id_file")).read(),
        HealthFile(settings.health_file).begin,
    )
    log.info("configuration", settings=settings.model_dump(mode="json"))
    return settings


class Stop:
    """Becomes true on SIGTERM or SIGINT; the work in hand is finished first."""

    def __init__(self) -> None:
        self._event = threading.Event()
        signal.signal(signal.SIGTERM, self._request)
        signal.signal(signal.SIGINT, self._request)

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether it is time to stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Pause, but not beyond the request to stop."""
        self._event.wait(seconds)


class HealthFile:
    """The file that one process touches; without a path nothing is written."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def touch(self, problem: str | None) -> None:
        """Leave a sign of life, with what is in the way or None. The process outlives a disk that is full."""
        try:
            self._write(problem or "ok")
        except OSError as error:
            log.warning("health file not written", path=str(self._path), reason=error.strerror)

    def begin(self) -> None:
        """The first sign of life. Raises `SettingsError` when the file cannot be written."""
        try:
            self._write("starting")
        except OSError as error:
            raise SettingsError(f"HEALTH_FILE: {self._path}: {error.strerror}") from None

    def _write(self, text: str) -> None:
        if self._path is not None:
            self._path.write_text(f"{text}\n", encoding="utf-8")


class Pulse:
    """Signs of life of one process: at once when its state changes, else once a second.

    They are left in the database for the state page, with the clocks, and in HEALTH_FILE for the probe.
    """

    def __init__(
        self, heartbeat: Heartbeat, health: HealthFile, vault_clock: VaultClock | None = None
    ) -> None:
        self._heartbeat = heartbeat
        self._health = health
        self._vault_clock = vault_clock
        self._last: tuple[float, str | None] = (0.0, None)

    def beat(self, problem: str | None) -> None:
        """Leave a sign of life; `problem` is what is in the way, or None."""
        at, before = self._last
        if problem != before or time.monotonic() - at >= 1.0:
            self._health.touch(problem)
            vault_ahead = None if self._vault_clock is None else self._vault_clock.take()
            self._heartbeat.beat(problem, vault_ahead=vault_ahead)
            self._last = (time.monotonic(), problem)

    def without_database(self, problem: str) -> None:
        """Leave a sign of life, and a line in the log, while the database does not answer."""
        self._health.touch(problem)
        log.warning("the process waits", reason=problem)
