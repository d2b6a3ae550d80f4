"""Celery's consumer, which outlives every answer of the broker, says why it waits, and leaves signs of life.

A message that is no attempt is dropped with an alarm; Celery would print it, or end.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import redis
import structlog
from celery import Celery
from celery.exceptions import CPendingDeprecationWarning, WorkerShutdown
from celery.worker import consumer
from celery.worker.state import maybe_shutdown

from app.connections.compatibility import IncompatibleError
from app.connections.database import connect, silence
from app.connections.settings import ConnectionSettings, load
from app.connections.starting import USAGE
from app.connections.tls import trust_of
from workers.runtime import broker
from workers.runtime.celery_app import QUEUE
from workers.runtime.lifecycle import HealthFile
from workers.runtime.rounds import Pauses
from workers.runtime.worker_records import WorkerRecords

log = structlog.get_logger()

#: Seconds between two signs of life.
_BEAT = 2.0
#: Seconds after which a connection was a good one, and between two looks whether to end while it pauses.
_GOOD, _LOOK = 10.0, 0.2


class Consumer(consumer.Consumer):  # type: ignore[misc]  # celery has no types
    """Runs in the worker's main process."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        configuration = load(ConnectionSettings)
        self._health = HealthFile(configuration.health_file)
        self._records = WorkerRecords(configuration)
        self._trust = trust_of(configuration)
        self._pauses, self._connected_at = Pauses(), 0.0
        super().__init__(*arguments, **named)
        # Whatever an answer does to Celery and its transport, the worker connects again.
        self.connection_errors = (Exception,)
        # At its first start Celery ends if a process of the pool has ended already. The pool replaces it.
        self.restart_count = 0
        # Through `call_soon`: with a pool of threads the timer runs in another thread, which goes on
        # while the main loop hangs.
        self.timer.call_repeatedly(_BEAT, self.call_soon, (self._look,))

    def start(self) -> None:
        """Take messages until the worker ends. The processes of the pool have been forked."""
        self._records.start()
        super().start()

    def ensure_connected(self, conn: Any) -> Any:
        """Wait for a broker that takes messages, however long it takes."""
        while (problem := self._try(conn)) is not None:
            self._failed(problem)
            self._pause()
        self._connected_at = time.monotonic()
        self._records.waiting = None
        self.first_connection_attempt = False
        self._beat()
        return conn

    def on_connection_error_before_connected(self, error: Exception) -> None:
        """Celery calls this for an error on the way to the first message."""
        self._failed(broker.reason(error, self._trust))
        self._pause()

    def on_connection_error_after_connected(self, error: Exception) -> None:
        """Celery calls this for any other error of its loop."""
        if time.monotonic() - self._connected_at > _GOOD:
            self._pauses.start_again()
        self._failed(broker.reason(error, self._trust))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)  # about a change in a later Celery
            super().on_connection_error_after_connected(error)
        self._pause()

    def _try(self, conn: Any) -> str | None:
        try:
            broker.check(conn, self._trust)
        except broker.BrokerUnavailableError as error:
            return str(error)
        except IncompatibleError as error:
            _end(error)
        return None

    def _failed(self, problem: str) -> None:
        self._records.waiting = f"waiting for the broker: {problem}"
        log.warning("the worker waits", reason=self._records.waiting)

    def _pause(self) -> None:
        end = time.monotonic() + self._pauses.next()
        while (left := end - time.monotonic()) > 0:
            maybe_shutdown()
            self._health.touch(self._records.waiting)
            time.sleep(min(left, _LOOK))

    def create_task_handler(self, *arguments: Any, **named: Any) -> Callable[[Any], None]:
        """Celery's handler of messages, which no message can break."""
        handle = super().create_task_handler(*arguments, **named)

        def guarded(message: Any) -> None:
            try:
                handle(message)
            except (redis.RedisError, OSError):
                raise
            except Exception:  # noqa: BLE001  # a malformed header can fail anywhere in Celery
                self._drop(message, "its headers or its body are malformed")

        return guarded

    def on_unknown_message(self, _body: Any, message: Any) -> None:
        """Drop a message that names no task."""
        self._drop(message, "it names no task")

    def on_unknown_task(self, _body: Any, message: Any, _error: Exception) -> None:
        """Drop a message of another task."""
        self._drop(message, "it names an unknown task")

    def on_invalid_task(self, _body: Any, message: Any, _error: Exception) -> None:
        """Drop a message whose content type is refused, or whose task cannot be built."""
        self._drop(message, "its content is not that of a task")

    def on_decode_error(self, message: Any, _error: Exception) -> None:
        """Drop a message that cannot be decoded."""
        self._drop(message, "it cannot be decoded")

    def _drop(self, message: Any, reason: str) -> None:
        if not message.acknowledged:
            message.ack_log_error(log, self.connection_errors)
        self._records.dropped(reason)

    def _beat(self) -> None:
        if self._records.incompatible is not None:
            _end(self._records.incompatible)
        self._health.touch(self._records.problem)

    def _look(self) -> None:
        self._follow_switch()
        self._beat()

    def _follow_switch(self) -> None:
        """Take no messages while this worker is switched off. The database would refuse them; others can have them."""
        if self._records.off and not self._records.rests:
            self.cancel_task_queue(QUEUE)
            log.warning("the worker takes no messages", reason=self._records.off)
        elif self._records.rests and not self._records.off:
            self.add_task_queue(QUEUE)
            log.info("the worker takes messages again")
        self._records.rests = bool(self._records.off)


def check_servers(configuration: ConnectionSettings, celery: Celery) -> None:
    """Log which servers do not answer yet. Raises `IncompatibleError` for one that cannot be worked with."""
    engine = connect(configuration, pool_size=1)
    try:
        if problem := silence(engine):
            log.warning("the worker waits", reason=problem)
    finally:
        engine.dispose()
    try:
        with celery.connection_for_read() as connection:
            broker.check(connection, trust_of(configuration))
    except broker.BrokerUnavailableError as error:
        log.warning("the worker waits", reason=f"waiting for the broker: {error}")


def _end(error: IncompatibleError) -> NoReturn:
    log.error("the worker ends", reason=str(error))
    raise WorkerShutdown(USAGE) from None
