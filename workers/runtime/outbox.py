"""Messages for the broker: kept until it takes them, so that nothing is minted anew while it is away."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from celery import Celery

from app.connections.tls import Trust
from workers.runtime import broker, celery_app
from workers.runtime.broker import BrokerUnavailableError
from workers.runtime.secret import Secret


@dataclass(frozen=True, slots=True)
class AttemptMessage:
    """Hands one attempt to a worker. Nobody sends it after `useless_at`, by `time.monotonic`."""

    run_id: UUID
    attempt: int
    wrapping_token: Secret
    useless_at: float


class Outbox:
    """Messages in the order in which they are to be sent."""

    def __init__(self, celery: Celery, trust: Trust, *, give_back: Callable[[AttemptMessage], None]) -> None:
        """`give_back` is called for a message that waited too long for the broker."""
        self._celery = celery
        self._trust = trust
        self._give_back = give_back
        self._is_broker_known = False
        self._messages: deque[AttemptMessage] = deque()

    def put(self, message: AttemptMessage) -> None:
        """Keep a message until it is sent."""
        self._messages.append(message)

    def send(self) -> None:
        """Send everything. The broker is asked first, unless it took the last message.

        Raises `BrokerUnavailableError`, with what it did not take kept, and `IncompatibleError` when the broker answers
        and cannot be worked with.
        """
        if not self._is_broker_known:
            self._give_back_old()
            with self._celery.connection_for_write() as connection:
                broker.check(connection, self._trust)
            self._is_broker_known = True
        while self._messages:
            self._publish(self._messages[0])
            self._messages.popleft()

    def _give_back_old(self) -> None:
        while self._messages and self._messages[0].useless_at < time.monotonic():
            self._give_back(self._messages[0])
            self._messages.popleft()

    def _publish(self, message: AttemptMessage) -> None:
        arguments = {
            "run_id": str(message.run_id),
            "attempt": message.attempt,
            "wrapping_token": message.wrapping_token.reveal(),
        }
        try:
            self._celery.send_task(
                celery_app.ATTEMPT,
                kwargs=arguments,
                queue=celery_app.QUEUE,
                argsrepr="()",
                kwargsrepr="(…)",
                retry=False,
            )
        except Exception as error:  # noqa: BLE001  # whatever the transport raises, the run must not be lost
            self._is_broker_known = False
            raise BrokerUnavailableError(broker.reason(error, self._trust)) from None
