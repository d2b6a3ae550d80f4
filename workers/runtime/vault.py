"""The vault as processes of the agent see it: what they send and get is secret."""

from collections.abc import Mapping
from typing import Any

from app.connections.deadline import Deadline
from app.connections.tls import Trust
from app.connections.vault_calls import VaultCalls
from app.connections.vault_replies import (
    VaultForbiddenError,
    VaultRefusedError,
    VaultReply,
    VaultUnavailableError,
)
from workers.runtime.secret import Secret

__all__ = ["Vault", "VaultForbiddenError", "VaultRefusedError", "VaultReply", "VaultUnavailableError"]


class Vault:
    """A connection pool to one vault. Not fork-safe: make it after the fork."""

    def __init__(self, address: str, trust: Trust, *, pool_size: int = 32, timeout: float = 5.0) -> None:
        """`timeout` is in seconds, for one call with everything that belongs to it."""
        self.address = address
        self._calls = VaultCalls(address, trust, pool_size=pool_size, seconds=timeout)

    @property
    def ahead(self) -> float | None:
        """Seconds by which the vault's clock is ahead of this process's, to about half a second; None if not known."""
        return self._calls.ahead

    def compare_clocks(self) -> float | None:
        """Ask the vault the time, which it says also when it is sealed; returns `ahead`. Raises as `read` does."""
        self._calls.call("GET", "sys/seal-status", repeatable=True)
        return self.ahead

    def close(self) -> None:
        """Close all connections."""
        self._calls.close()

    def read(self, path: str, token: Secret, *, deadline: Deadline | None = None) -> VaultReply:
        """The reply to a read. Raises `VaultRefusedError` or `VaultUnavailableError`.

        It ends with `deadline`, if that is earlier than a call's own.
        """
        return self._calls.call("GET", path, token=token.reveal(), deadline=deadline)

    def write(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        token: Secret | None = None,
        *,
        wrap_ttl: str | None = None,
        repeatable: bool = False,
        once: bool = False,
        deadline: Deadline | None = None,
    ) -> VaultReply:
        """The reply to a write. Errors as `read`. With `wrap_ttl` the answer comes wrapped.

        `repeatable`: doing it twice does no more than doing it once, as with a question or a revocation. `once`: it uses
        something up, and a second try would look like a theft.
        """
        return self._calls.call(
            "POST",
            path,
            token=token.reveal() if token else "",
            data=data or {},
            wrap_ttl=wrap_ttl,
            repeatable=repeatable,
            once=once,
            deadline=deadline,
        )
