"""Whether the broker answers, and is one this program can work with."""

import re
from contextlib import closing
from typing import Any

import redis
from kombu.exceptions import OperationalError

from app.connections.compatibility import IncompatibleError
from app.connections.tls import Trust

#: The oldest Redis or Valkey: it knows the commands that the broker's list of users names.
OLDEST = (7, 2)
_ERRORS = (redis.RedisError, OperationalError, OSError)
_SHOWN = 200


class BrokerUnavailableError(Exception):
    """The broker does not answer, or did not take the message."""


def check(connection: Any, trust: Trust) -> None:
    """Ask the broker at the other end of a kombu connection what it is. HELLO needs no right in a list of users.

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
    """Why the broker does not answer, for a person; a refused password is told apart from silence."""
    if (over_tls := trust.trouble(error, what="it")) is not None:
        return over_tls
    cause = error.__cause__ if isinstance(error, OperationalError) and error.__cause__ else error
    if isinstance(cause, redis.AuthenticationError):
        return "it refuses the user of REDIS_URL or the password in REDIS_PASSWORD_FILE"
    return " ".join(str(cause).split())[:_SHOWN] or type(cause).__name__


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
