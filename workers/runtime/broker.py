"""The broker: the login, and whether it answers, takes messages, and is one this program can work with."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from kombu.exceptions import OperationalError

from app.connections.compatibility import IncompatibleError
from app.connections.secret_files import SettingsError, read_secret
from app.connections.settings import ConnectionSettings
from app.connections.tls import Trust

#: The oldest version of Redis or Valkey with all commands that the broker's list of users names.
OLDEST = (7, 2)
_OLDEST = ".".join(map(str, OLDEST))
#: What an error of the broker means, and what to do, by the word it begins with.
_MEANINGS = {
    "NOAUTH": "it asks for a password: REDIS_PASSWORD_FILE, with the user in REDIS_URL",
    "NOPERM": "it refuses what the user of REDIS_URL must do: run `triage provision broker`",
    "READONLY": "it is a read-only replica: REDIS_URL must name the primary",
    "MASTERDOWN": "it is a replica that has lost its primary: REDIS_URL must name the primary",
    "LOADING": "it is starting, and loads its data",
    "OOM": "its memory is full (maxmemory)",
    "MISCONF": "it takes no messages, for it cannot write its data to disk",
    "NOREPLICAS": "it takes no messages, for it has too few replicas (min-replicas-to-write)",
    "BUSY": "a script keeps it busy",
    "CLUSTERDOWN": "it is a cluster that is down; a cluster is not supported",
    "MOVED": "it is a cluster, which is not supported",
    "ASK": "it is a cluster, which is not supported",
    "CROSSSLOT": "it is a cluster, which is not supported",
}
#: What redis-py says when no answer comes, and what that means.
_NO_ANSWER = (
    ("Connection refused", "it does not answer (connection refused)"),
    ("Connection closed by server", "it closed the connection"),
    ("Connection reset by peer", "it closed the connection"),
    ("Broken pipe", "it closed the connection"),
    ("Timeout", "it does not answer (timed out)"),
    ("timed out", "it does not answer (timed out)"),
)
_OF_SEVERAL = " of pipeline caused error: "
_QUOTATION = re.compile("[\"'`]")
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


def check(connection: Any, trust: Trust) -> None:
    """Check what is at the other end of a kombu connection. HELLO needs no right in a list of users.

    Raises `BrokerUnavailableError` while it does not answer or is no primary, and `IncompatibleError` when it is too old.
    """
    try:
        connection.ensure_connection(max_retries=0)
        with closing(connection.channel()) as channel:
            about = _plain(channel.client.execute_command("HELLO"))
        version = tuple(int(number) for number in re.findall(r"\d+", about["version"])[:2])
        server, role = f"{about['server']} {about['version']}", about["role"]
    except redis.ResponseError as error:
        if "unknown command" in str(error).lower():  # HELLO is as old as Redis 6
            raise IncompatibleError(f"REDIS_URL: the server is older than {_OLDEST}") from None
        raise BrokerUnavailableError(reason(error, trust)) from None
    except Exception as error:  # noqa: BLE001  # what answers may be anything
        raise BrokerUnavailableError(reason(error, trust)) from None
    if version < OLDEST:
        raise IncompatibleError(f"REDIS_URL: the server is {server}, {_OLDEST} or newer is needed")
    if role != "master":
        raise BrokerUnavailableError(_MEANINGS["READONLY"])


def reason(error: Exception, trust: Trust) -> str:
    """Why the broker cannot be used, in one line that says what to do, and holds nothing that was sent."""
    cause = error.__cause__ if isinstance(error, OperationalError) and error.__cause__ else error
    said = getattr(cause, "status_code", None) or _text_of(cause).partition(" ")[0]
    return trust.trouble(error, what="it") or _MEANINGS.get(said) or _described(cause)


def _text_of(error: BaseException) -> str:
    # Of several commands redis-py repeats the one that failed, with all that was sent.
    return str(error).rpartition(_OF_SEVERAL)[2]


def _described(error: BaseException) -> str:
    text = _text_of(error)
    if isinstance(error, redis.AuthenticationError):
        return "it refuses the user of REDIS_URL or the password in REDIS_PASSWORD_FILE"
    if isinstance(error, redis.TimeoutError):
        return "it does not answer (timed out)"
    if isinstance(error, redis.ResponseError):
        # Behind the first quotation mark the broker repeats what it was sent.
        text = f"it refuses: {re.split(_QUOTATION, text)[0]}"
    elif (words := next((words for part, words in _NO_ANSWER if part in text), None)) is not None:
        text = words
    elif not isinstance(error, redis.RedisError | OSError):
        text = f"it does not answer as a broker does ({type(error).__name__})"
    return " ".join(text.split())[:_SHOWN] or type(error).__name__


def _plain(answer: Any) -> dict[str, str]:
    rows = answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
    return {_decoded(name): _decoded(value) for name, value in rows}


def _decoded(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
