"""What a mock is told from outside, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


class ConfigurationError(Exception):
    """A variable is missing or wrong; the text names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """One mock's surroundings: its data, its access log, the vault that issues what callers present."""

    scenarios: Path
    access_log: Path
    vault_addr: str
    latency: float = 0.0
    """Seconds each answer is held back."""
    hang: float = 30.0
    """Seconds the fault `hang` lasts."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read MOCK_SCENARIOS, MOCK_ACCESS_LOG, VAULT_ADDR and, where set, MOCK_LATENCY_MS and MOCK_HANG_MS.

        Raises `ConfigurationError`.
        """
        given = {name: value for name, value in environment.items() if value}
        missing = [n for n in ("MOCK_SCENARIOS", "MOCK_ACCESS_LOG", "VAULT_ADDR") if n not in given]
        if missing:
            raise ConfigurationError(f"{', '.join(missing)} not set")
        return cls(
            scenarios=Path(given["MOCK_SCENARIOS"]),
            access_log=Path(given["MOCK_ACCESS_LOG"]),
            vault_addr=given["VAULT_ADDR"].rstrip("/"),
            latency=_seconds(given, "MOCK_LATENCY_MS", default=0),
            hang=_seconds(given, "MOCK_HANG_MS", default=30_000),
        )


def _seconds(given: Mapping[str, str], name: str, *, default: int) -> float:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{name}: {text!r} is not a whole number of milliseconds")
    return int(text) / 1000
