"""Addresses a process may be given: without passwords, and encrypted as soon as they lead to another machine."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import AfterValidator

_DATABASE_SCHEMES = ("postgresql", "postgresql+psycopg")
_DATABASE_QUERY = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "application_name"})
_SECRET_QUERY = frozenset({"password", "passfile", "sslpassword", "user"})
_SSL_MODES = ("verify-full", "verify-ca", "require", "disable")


def is_local(host: str | None) -> bool:
    """Whether this host is the machine itself, by its loopback interface or `localhost`."""
    if host in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(host)).is_loopback
    except ValueError:
        return False


def host_of(address: str) -> tuple[str, int | None]:
    """Host, an IPv6 literal without its brackets, and port if one is written. Raises `ValueError`."""
    parts = urlsplit(address)
    return parts.hostname or "127.0.0.1", parts.port


def is_verified(database: str) -> bool:
    """Whether a client that reads this address itself stays on this machine or insists on the server's certificate."""
    parts = urlsplit(database)
    mode = dict(parse_qsl(parts.query)).get("sslmode")
    return is_local(parts.hostname) or mode in {"verify-full", "verify-ca"}


def _http(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    parts = _parts(value)
    if parts.username or parts.password:
        raise ValueError("must not carry a user name or password")
    if parts.scheme == "http" and not is_local(parts.hostname):
        raise ValueError("must start with https://, since http:// is for this machine's own 127.0.0.1 only")
    return value.rstrip("/")


def _database(value: str) -> str:
    parts = _parts(value)
    if parts.password:
        raise ValueError("must not carry a password: DATABASE_PASSWORD_FILE names the file that holds it")
    if parts.scheme not in _DATABASE_SCHEMES:
        raise ValueError(f"must start with {' or '.join(f'{each}://' for each in _DATABASE_SCHEMES)}")
    query = parse_qsl(parts.query, keep_blank_values=True)
    names = [name for name, _ in query]
    for name in names:
        if name in _SECRET_QUERY:
            raise ValueError(
                f"must not carry `{name}`: DATABASE_PASSWORD_FILE names the file with the password"
            )
        if name not in _DATABASE_QUERY:
            raise ValueError(f"may carry {', '.join(sorted(_DATABASE_QUERY))} after `?`, not {name!r}")
    if len(names) != len(set(names)):
        raise ValueError("carries a parameter twice")
    mode = dict(query).get("sslmode")
    if mode is not None and mode not in _SSL_MODES:
        raise ValueError(f"sslmode: {mode!r} is none of {', '.join(_SSL_MODES)}")
    if mode == "disable" and not is_local(parts.hostname):
        raise ValueError("sslmode: 'disable' is for this machine's own 127.0.0.1 only")
    return value


def _broker(value: str) -> str:
    parts = _parts(value)
    if parts.password:
        raise ValueError("must not carry a password: REDIS_PASSWORD_FILE names the file that holds it")
    if parts.scheme not in {"redis", "rediss"}:
        raise ValueError("must start with redis:// or rediss://")
    if parts.query:
        # Celery's client would take `ssl_cert_reqs=none` from there, and `password=`.
        raise ValueError("must not carry anything after `?`")
    if parts.scheme == "redis" and not is_local(parts.hostname):
        raise ValueError("must start with rediss://, since redis:// is for this machine's own 127.0.0.1 only")
    return value


def _parts(value: str) -> SplitResult:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError when it is none
    return parts


HttpAddress = Annotated[str, AfterValidator(_http)]
DatabaseAddress = Annotated[str, AfterValidator(_database)]
BrokerAddress = Annotated[str, AfterValidator(_broker)]
