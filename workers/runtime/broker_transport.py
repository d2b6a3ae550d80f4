"""kombu's transport to Redis, over connections that believe whom this process believes."""

from kombu.transport import redis

from app.connections.broker_connection import TrustedConnection


class Channel(redis.Channel):
    """Its connections over TLS take `trust`, which comes from Celery's `broker_use_ssl`."""

    connection_class_ssl = TrustedConnection  # type: ignore[assignment]  # a subclass of what stands there


class Transport(redis.Transport):
    """To be named in Celery's `broker_transport`."""

    Channel = Channel
