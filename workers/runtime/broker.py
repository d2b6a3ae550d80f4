"""The broker: the login, the transport, and whether it answers and is one this program can work with."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import redis
from kombu.exceptions import OperationalError
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from app.connections.broker_connection import TrustedConnection
from app.connections.compatibility import IncompatibleError
from app.connections.secret_files import SettingsError, read_secret
from app.connections.settings import ConnectionSettings
from app.connections.tls import Trust

#: The oldest version of Redis or Valkey with all commands that the broker's list of users names.
OLDEST = (7, 2)
_ERRORS = (redis.RedisError, OperationalError, OSError)
_SHOWN = 200


class BrokerUnavailableError(Exception):
    """The broker does not answer, or did not take the message."""


class BrokerLogin(redis.CredentialProvider):
    """User and password file; Celery's transport reads them whenever it connects."""

    def __init__(self, user: str, file: Path) -> None:
        self._user = user
        self._file = file

    def get_credentials(self) -> tuple[str, str]:
        """User and password. Raises redis.ConnectionError, which is tried again, when the file cannot be read."""
        try:
            return self._user, read_secret(self._file, setting="REDIS_PASSWORD_FILE")
        except SettingsError as error:
            # The file was in order when this process started, and may be again in a moment.
            raise redis.ConnectionError(str(error)) from None


def broker_login(settings: ConnectionSettings) -> BrokerLogin | None:
    """The login that REDIS_URL and REDIS_PASSWORD_FILE name; None without such a file.

    Raises `SettingsError` for a file that cannot be read now.
    """
    file = settings.redis_password_file
    if file is None:
        return None
    read_secret(file, setting="REDIS_PASSWORD_FILE")
    return BrokerLogin(urlsplit(settings.need("redis_url")).username or "default", file)


class Message(virtual.Message):
    """A message; an entry of the queue that lacks what each message has becomes one that cannot be decoded."""

    def __init__(self, payload: Any, channel: Any = None, **named: Any) -> None:
        try:
            _check(payload)
            super().__init__(payload, channel=channel, **named)  # type: ignore[no-untyped-call]  # kombu has no types
        except (ValueError, TypeError, LookupError, AttributeError):
            super().__init__(_undecodable(), channel=channel, **named)  # type: ignore[no-untyped-call]


class Channel(kombu_redis.Channel):
    """Its connections over TLS take `trust`, which comes from Celery's `broker_use_ssl`."""

    connection_class_ssl = TrustedConnection  # type: ignore[assignment]  # a subclass of what stands there
    Message = Message

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


def check(connection: Any, trust: Trust) -> None:
    """Check the version of the broker at the other end of a kombu connection. HELLO needs no right in a list of users.

    Raises `BrokerUnavailableError` while it does not answer and `IncompatibleError` when it is too old.
    """
    try:
        with closing(connection.channel()) as channel:
            answer = channel.client.execute_command("HELLO")
    except redis.ResponseError as error:
        if "unknown command" in str(error).lower():  # HELLO is as old as Redis 6
            raise IncompatibleError(f"REDIS_URL: the server is older than {_text(OLDEST)}") from None
        raise BrokerUnavailableError(reason(error, trust)) from None
    except _ERRORS as error:
        raise BrokerUnavailableError(reason(error, trust)) from None
    about = answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))
    about = {_plain(name): _plain(value) for name, value in about.items()}
    version = tuple(int(number) for number in re.findall(r"\d+", about.get("version", ""))[:2])
    if version < OLDEST:
        raise IncompatibleError(
            f"REDIS_URL: the server is {about.get('server')} {about.get('version')}, {_text(OLDEST)} or newer is needed"
        )


def reason(error: Exception, trust: Trust) -> str:
    """Why the broker does not answer, in words; a refused password has its own."""
    if (over_tls := trust.trouble(error, what="it")) is not None:
        return over_tls
    cause = error.__cause__ if isinstance(error, OperationalError) and error.__cause__ else error
    if isinstance(cause, redis.AuthenticationError):
        return "it refuses the user of REDIS_URL or the password in REDIS_PASSWORD_FILE"
    return " ".join(str(cause).split())[:_SHOWN] or type(cause).__name__


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


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
