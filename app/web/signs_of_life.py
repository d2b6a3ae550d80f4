"""Signs of life of the process that serves the pages, with its clock."""

import logging
import time
from threading import Thread

from sqlalchemy.exc import SQLAlchemyError

from app.connections.compatibility import IncompatibleError
from app.connections.database import connect
from app.credentials.heartbeat import Heartbeat
from app.settings import Settings

log = logging.getLogger(__name__)
#: Seconds between two signs of life.
_REST = 5.0


def leave_signs_of_life(settings: Settings) -> None:
    """Leave signs of life for as long as this process lives, in a thread. Raises `SettingsError`."""
    heartbeat = Heartbeat(connect(settings, pool_size=1))
    Thread(target=_beat, args=(heartbeat,), name="heartbeat", daemon=True).start()


def _beat(heartbeat: Heartbeat) -> None:
    while True:
        try:
            heartbeat.beat(None)
        except (SQLAlchemyError, IncompatibleError):
            pass  # readiness logs what is wrong with the database
        except Exception as error:  # noqa: BLE001  # whatever one beat meets, the next one must come
            log.warning("no sign of life was left (%s)", type(error).__name__)
        time.sleep(_REST)
