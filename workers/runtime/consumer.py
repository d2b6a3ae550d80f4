"""Celery's consumer, which also logs why it waits for the broker, and leaves signs of life from its own loop.

A message that is no attempt is dropped with an alarm; Celery would print it, or end.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import redis
import structlog
from celery import Celery
from celery.exceptions import WorkerShutdown
from celery.worker import consumer
from celery.worker.state import maybe_shutdown
from sqlalchemy import Engine

from app.connections.compatibility import IncompatibleError
from app.connections.database import connect, silence
from app.connections.settings import ConnectionSettings, load
from app.connections.starting import USAGE
from app.connections.tls import trust_of
from app.credentials.attempts import alarm_about_message
from workers.runtime import broker
from workers.runtime.dropped_messages import DroppedMessages
from workers.runtime.lifecycle import HealthFile

log = structlog.get_logger()

#: Seconds between two signs of life, and at most between two tries to reach the broker.
_BEAT = 2.0
_LONGEST_PAUSE = 5


class Consumer(consumer.Consumer):  # type: ignore[misc]  # celery has no types
    """Runs in the worker's main process."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        configuration = load(ConnectionSettings)
        self._health = HealthFile(configuration.health_file)
        # Checked until it has answered once. No connection stays open: processes of the pool are forked from here.
        self._database = connect(configuration, pool_size=1)
        self._database_known = False
        self._dropped = DroppedMessages(self._alarm)
        self._trust = trust_of(configuration)
        super().__init__(*arguments, **named)
        # Through `call_soon`: with a pool of threads the timer runs in another thread, which goes on
        # while the main loop hangs.
        self.timer.call_repeatedly(_BEAT, self.call_soon, (self._beat,))

    def ensure_connected(self, conn: Any) -> Any:
        """Wait for the broker, however long it takes; Celery's own waits up to 30 s between two tries, in silence."""
        waiting = None

        def failed(error: Exception, _interval: float) -> None:
            nonlocal waiting
            waiting = f"waiting for the broker: {broker.reason(error, self._trust)}"
            log.warning("the worker waits", reason=waiting)

        def each_second() -> None:
            maybe_shutdown()
            self._health.touch(waiting)

        conn.ensure_connection(
            failed, interval_start=1, interval_step=1, interval_max=_LONGEST_PAUSE, callback=each_second
        )
        try:
            broker.check(conn, self._trust)
        except broker.BrokerUnavailableError as error:
            log.warning("the worker waits", reason=f"waiting for the broker: {error}")
        except IncompatibleError as error:
            _end(error)
        self.first_connection_attempt = False
        self._beat()
        return conn

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
        self._dropped.dropped(reason)

    def _alarm(self, detail: str) -> bool:
        try:
            return alarm_about_message(self._database, detail)
        finally:
            self._database.dispose()

    def _beat(self) -> None:
        try:
            self._health.touch(self._database_problem())
            self._dropped.report()
        except IncompatibleError as error:
            _end(error)

    def _database_problem(self) -> str | None:
        if self._database_known:
            return None
        problem = _database_problem(self._database)
        self._database_known = problem is None
        return problem


def check_servers(configuration: ConnectionSettings, celery: Celery) -> None:
    """Log which servers do not answer yet. Raises `IncompatibleError` for one that cannot be worked with."""
    if problem := _database_problem(connect(configuration, pool_size=1)):
        log.warning("the worker waits", reason=problem)
    try:
        with celery.connection_for_read() as connection:
            broker.check(connection, trust_of(configuration))
    except broker.BrokerUnavailableError as error:
        log.warning("the worker waits", reason=f"waiting for the broker: {error}")


def _database_problem(engine: Engine) -> str | None:
    try:
        return silence(engine)
    finally:
        engine.dispose()


def _end(error: IncompatibleError) -> NoReturn:
    log.error("the worker ends", reason=str(error))
    raise WorkerShutdown(USAGE) from None
