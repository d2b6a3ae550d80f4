"""The configuration of a mock, read once from the environment."""

import json
import os
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from mocks import tls

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ConfigurationError(Exception):
    """Variables are missing or wrong; the text has one line for each, with its name and the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """One mock's data, its access log, and the vault that issues the credentials of its callers."""

    scenarios: Path
    access_log: Path
    vault_addr: str
    trust: ssl.SSLContext | None = None
    """For a vault over TLS; None trusts the system's authorities."""
    latency: float = 0.0
    """Seconds by which each answer is delayed."""
    hang: float = 30.0
    """Seconds the fault `hang` lasts."""
    slow_file: Path | None = None
    """Says until when answers are delayed, and by how much, so that people can follow a run."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read MOCK_SCENARIOS, MOCK_ACCESS_LOG, VAULT_ADDR; where set, MOCK_LATENCY_MS, _HANG_MS, _SLOW_FILE, CA_FILE.

        Raises `ConfigurationError`.
        """
        given = required(environment, ("MOCK_SCENARIOS", "MOCK_ACCESS_LOG", "VAULT_ADDR"))
        try:
            trust = tls.context(given)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        return cls(
            trust=trust,
            scenarios=Path(given["MOCK_SCENARIOS"]),
            access_log=Path(given["MOCK_ACCESS_LOG"]),
            vault_addr=_encrypted(given, "VAULT_ADDR"),
            latency=_seconds(given, "MOCK_LATENCY_MS", default=0),
            hang=_seconds(given, "MOCK_HANG_MS", default=30_000),
            slow_file=Path(given["MOCK_SLOW_FILE"]) if "MOCK_SLOW_FILE" in given else None,
        )

    def delay(self) -> float:
        """Seconds by which to delay an answer given now. A file that is missing or wrong delays nothing."""
        try:
            slow = json.loads(self.slow_file.read_bytes()) if self.slow_file else None
        except (OSError, ValueError):
            slow = None
        if slow is None or time.time() >= slow["until"]:
            return self.latency
        return self.latency + float(slow["milliseconds"]) / 1000


def required(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The variables that are not empty. Raises `ConfigurationError` unless all of `names` are among them."""
    given = {name: value for name, value in environment.items() if value}
    if missing := [name for name in names if name not in given]:
        raise ConfigurationError("\n".join(f"{name} is not set" for name in missing))
    return given


def http_address(given: Mapping[str, str], name: str) -> str:
    """The address in a variable, without a trailing slash. Raises `ConfigurationError`, which never contains a password."""
    try:
        parts = urlsplit(given[name])
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number, or the brackets hold no IPv6 address
        usable = False
    if not usable:
        raise ConfigurationError(f"{name} must be http:// or https:// with a host and, if any, a valid port")
    if parts.username or parts.password:
        raise ConfigurationError(f"{name} must not carry a user name or password")
    return given[name].rstrip("/")


def _encrypted(given: Mapping[str, str], name: str) -> str:
    """As `http_address`, but only this machine may be reached without TLS: API keys are sent there."""
    address = http_address(given, name)
    if address.startswith("http:") and urlsplit(address).hostname not in _LOOPBACK:
        raise ConfigurationError(f"{name} must start with https://, http:// is for 127.0.0.1 only")
    return address


def _seconds(given: Mapping[str, str], name: str, *, default: int) -> float:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{name}: {text!r} is not a whole number of milliseconds")
    return int(text) / 1000
