"""Celery's transport to the broker, which takes whatever the broker answers, and whatever lies in the queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import redis
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from app.connections.broker_connection import NotABrokerError, PlainConnection, TrustedConnection

#: Seconds between two looks whether an answer is overdue. With the second that a question waits for a message it bounds
#: how long a worker stays with a connection that is dead, but open.
LOOK_AT_CONNECTION = 4


class Message(virtual.Message):
    """A message; an entry of the queue that lacks what each message has becomes one that cannot be decoded."""

    def __init__(self, payload: Any, channel: Any = None, **named: Any) -> None:
        try:
            _check(payload)
            super().__init__(payload, channel=channel, **named)  # type: ignore[no-untyped-call]  # kombu has no types
        except (ValueError, TypeError, LookupError, AttributeError):
            super().__init__(_undecodable(), channel=channel, **named)  # type: ignore[no-untyped-call]


class Client(kombu_redis.PrefixedStrictRedis):
    """Its answers are what was asked for, or an error of redis-py's."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """As the client's own. Raises `NotABrokerError` for an answer of another shape."""
        try:
            return super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        except (redis.RedisError, OSError):
            raise
        except Exception as error:
            raise NotABrokerError(f"it answers {command_name} with something else") from error


class QoS(kombu_redis.QoS):
    """What was delivered and not yet acknowledged. There is room for one message for each run at a time.

    A message whose acknowledgment was lost gives up its place: a worker whose places are all taken asks for no message,
    and so would never notice that its connection is gone. The broker delivers it once more; its attempt has ended then.
    """

    def ack(self, delivery_tag: str) -> None:
        """As kombu's own."""
        with self._given_up(delivery_tag):
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]  # kombu has no types

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # kombu's signature
        """As kombu's own."""
        with self._given_up(delivery_tag):
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]

    @contextmanager
    def _given_up(self, delivery_tag: str) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError):
            self._quick_ack(delivery_tag)
            raise


class Channel(kombu_redis.Channel):
    """Its connections are bounded; over TLS they take `trust`, which comes from Celery's `broker_use_ssl`."""

    connection_class = PlainConnection
    connection_class_ssl = TrustedConnection  # type: ignore[assignment]  # a subclass of what stands there
    Message = Message
    QoS = QoS

    _kept: Any = None

    def _get_client(self) -> Any:
        return partial(Client, global_keyprefix=self.global_keyprefix)

    def _create_client(self, asynchronous: bool = False) -> Any:  # kombu's signature
        """One client for each pool: kombu makes two for each message, at a tenth of what the message costs."""
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]  # kombu has no types
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[no-untyped-call]
        return self._kept

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]  # kombu has no types
        except (ValueError, RecursionError):  # the entry is no JSON; it has left the queue
            (queue,) = self.active_queues
            self.connection._deliver(_undecodable(), queue)  # noqa: SLF001  # as kombu's own channel does
            return True


class Transport(kombu_redis.Transport):
    """kombu's transport, over connections that trust only what this process trusts. Named in `broker_transport`."""

    Channel = Channel
    # kombu has half of them end the worker: a primary that became a replica, or whose memory is full.
    connection_errors = (*kombu_redis.Transport.connection_errors, redis.RedisError)


def _check(payload: Any) -> None:
    properties = payload["properties"]
    about = properties["delivery_info"]
    texts = (properties["delivery_tag"], about["exchange"], about["routing_key"])
    if not all(isinstance(each, str) for each in texts) or not isinstance(payload.get("headers") or {}, dict):
        raise TypeError


def _undecodable() -> dict[str, Any]:
    about = {"exchange": "", "routing_key": ""}
    properties = {"delivery_tag": str(uuid4()), "delivery_info": about}
    return {"headers": {}, "content-type": "application/octet-stream", "properties": properties}
