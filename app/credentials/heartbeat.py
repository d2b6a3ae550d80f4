"""Signs of life of a process, and how far its clock and the vault's are from the database's."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

_BEAT = text("SELECT beat(:problem, :host, :pid, :time, :vault_ahead)")
#: Seconds that a statement may take if the time it states is to be compared.
_PROMPT = 1.0
#: Clocks are measured every minute, so one that was not measured for longer is that of a process that has ended.
MEASURED = timedelta(minutes=2)


def own_name() -> str:
    """The name of this process, "host:id". That of an agent worker is the name of its main process."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Heartbeat:
    """Leaves signs of life of this process in the database, which compares the clocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_prompt = True

    def beat(self, problem: str | None, *, vault_ahead: float | None = None) -> None:
        """Leave a sign of life, and what is in the way or None. The login says which process it is.

        `vault_ahead`: by how many seconds the vault's clock is ahead of this process's, if it was measured since the last
        sign of life. Raises SQLAlchemy's errors.
        """
        host = socket.gethostname()
        with self._engine.begin() as db:
            began = time.monotonic()
            # The statement is slow where the network is; the time it states is then too old to be compared.
            stated = datetime.now(UTC) if self._is_prompt else None
            db.execute(
                _BEAT,
                {
                    "problem": problem,
                    "host": host,
                    "pid": os.getpid(),
                    "time": stated,
                    "vault_ahead": vault_ahead,
                },
            )
            self._is_prompt = time.monotonic() - began < _PROMPT
