"""The administrator's connection to the broker, and the reasons why it fails."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.connections.broker_connection import TrustedConnection
from app.connections.secret_files import SettingsError
from app.connections.tls import Trust, trust_of
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError

_SETTING = "REDIS_ADMIN_URL"
#: The rights of our users include a subcommand that earlier servers do not have.
_OLDEST = (7, 2)
_POLL = 0.2


@contextmanager
def administrator(settings: ProvisioningSettings) -> Iterator[redis.Redis]:
    """The administrator's connection, as soon as the server answers.

    Raises SettingsError, and ProvisionError if the server does not answer, refuses, or is older than 7.2.
    """
    address = settings.need("redis_admin_url")
    if not urlsplit(address).username:
        raise SettingsError(
            f"{_SETTING}: must name the administrator, for example redis://administrator@HOST:PORT"
        )
    trust = trust_of(settings)
    password = settings.secret("operator", "broker-admin-password")
    with connected(address, password, trust) as connection:
        try:
            _wait(connection, address, trust, settings.provision_patience)
            _refuse_old(connection)
            yield connection
        except redis.RedisError as error:
            raise ProvisionError(f"{_SETTING}: {reason(error, urlsplit(address).username, trust)}") from None


def connected(address: str, password: str, trust: Trust) -> redis.Redis:
    """A connection as the user in the address, opened at its first use; close it after use."""
    tls: dict[str, Any] = {}
    if urlsplit(address).scheme == "rediss":
        tls = {"connection_class": TrustedConnection, "trust": trust}
    connection: redis.Redis = redis.Redis.from_url(
        address,
        password=password,
        socket_timeout=5,
        socket_connect_timeout=5,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        **tls,
    )
    return connection


def reason(error: redis.RedisError, user: str | None, trust: Trust) -> str:
    """Why the broker could not be used by this user, in one line."""
    if (over_tls := trust.trouble(error, what="the broker")) is not None:
        return over_tls
    if isinstance(error, redis.AuthenticationError):
        return f"the broker refused the password of {user}"
    text = " ".join(str(error).split())
    return f"the broker does not answer ({text})" if isinstance(error, redis.ConnectionError) else text


def _wait(connection: redis.Redis, address: str, trust: Trust, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.ping()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            refused = isinstance(error, redis.AuthenticationError) or trust.trouble(error, what="it")
            if refused and not isinstance(error, redis.BusyLoadingError):
                raise
            if time.monotonic() > deadline:
                place = urlsplit(address).netloc.rpartition("@")[2]
                raise ProvisionError(
                    f"{_SETTING}: the broker at {place} did not answer within {patience:g} s ({' '.join(str(error).split())})"
                ) from None
        else:
            return
        time.sleep(_POLL)


def _refuse_old(connection: redis.Redis) -> None:
    version = str(connection.info("server")["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise ProvisionError(f"{_SETTING}: the broker is version {version}; it must be 7.2 or later")
