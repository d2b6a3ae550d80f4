"""A client of the vault for provisioning: each call has one deadline, and errors are one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self

from app.connections.deadline import Deadline
from app.connections.tls import Trust
from app.connections.vault_calls import VaultCalls
from app.connections.vault_replies import VaultRefusedError, VaultReply, VaultUnavailableError, odd
from infra.reporting import ProvisionError
from infra.vault.transfers import Transfers

_OK, _NOT_FOUND = 200, 404
#: Seconds for a snapshot.
_LONGEST_TRANSFER = 3600.0


class VaultSilentError(ProvisionError):
    """The vault did not answer. `is_final`: waiting will not help, for example after a wrong certificate."""

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


class VaultAnswerError(ProvisionError):
    """The vault refused a request. `status` is the HTTP status, `reason` the vault's own text."""

    def __init__(self, request: str, status: int, reason: str) -> None:
        super().__init__(f"the vault answered {request} with HTTP {status}: {reason}")
        self.status = status
        self.reason = reason


class ProvisionReply(VaultReply):
    """A reply whose methods raise `VaultSilentError`."""

    def odd(self, what: str) -> Exception:
        """The error for a missing or malformed field."""
        return VaultSilentError(f"VAULT_ADDR: the vault {odd(what)}", is_final=True)


class VaultClient:
    """Connections to one vault, as a context manager. Each call passes its own token.

    Proxies and redirects are not followed, since they would see the token.
    """

    def __init__(self, address: str, *, trust: Trust, timeout: float) -> None:
        """`timeout` is in seconds, for one call with everything that belongs to it; a snapshot may take an hour."""
        self.address = address
        self._calls = VaultCalls(address, trust, pool_size=2, seconds=timeout, is_lenient=True)
        self._transfers = Transfers(address, trust)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.close()

    def read(self, path: str, token: str) -> ProvisionReply | None:
        """The data at `path`, or None. Raises `VaultSilentError` and `VaultAnswerError`."""
        answer = self._ask("GET", path, token)
        return None if answer is None else ProvisionReply(answer.get("data") or {})

    def names(self, path: str, token: str) -> list[str]:
        """The names below `path`. Raises as `read` does."""
        answer = self._ask("LIST", path, token)
        return [] if answer is None else answer.texts("data", "keys")

    def write(self, path: str, data: Mapping[str, Any], token: str = "") -> ProvisionReply:
        """Write `data`; returns the whole answer, which may be empty. Raises as `read` does, also for an unknown path."""
        answer = self._ask("POST", path, token, data)
        if answer is None:
            raise VaultAnswerError(f"POST {path}", _NOT_FOUND, "there is no such path")
        return answer

    def delete(self, path: str) -> None:
        """Delete without a token. Raises as `read` does."""
        self._ask("DELETE", path, "")

    def save(self, path: str, token: str, file: BinaryIO) -> int:
        """Copy the content of `path` into an open file; returns its size in bytes. Raises as `read` does."""
        with self._answers(f"GET {path}"):
            return self._transfers.save(path, token, file, Deadline(_LONGEST_TRANSFER))

    def load(self, path: str, token: str, file: BinaryIO) -> None:
        """Send an open file to `path`. Raises as `read` does."""
        with self._answers(f"POST {path}"):
            self._transfers.load(path, token, file, Deadline(_LONGEST_TRANSFER))

    def seal_status(self) -> ProvisionReply:
        """Whether the vault is initialised and sealed, and how it is unsealed. Raises as `read` does."""
        found = self._ask("GET", "sys/seal-status", "") or ProvisionReply()
        if not all(isinstance(found.get(name), bool) for name in ("initialized", "sealed", "recovery_seal")):
            raise found.odd("no state of its seal")
        return found

    def health(self) -> int:
        """The HTTP status of `sys/health`: 200 is active, 429 a standby. Raises `VaultSilentError`."""
        try:
            self._calls.call("GET", "sys/health")
        except VaultRefusedError as refused:
            return refused.status
        except VaultUnavailableError as other:
            if other.status == 0:
                raise self._silent(other) from None
            return other.status
        return _OK

    def _ask(
        self, method: str, path: str, token: str, data: Mapping[str, Any] | None = None
    ) -> ProvisionReply | None:
        try:
            with self._answers(f"{method} {path}"):
                return ProvisionReply(self._calls.call(method, path, token=token, data=data))
        except VaultAnswerError as error:
            if error.status != _NOT_FOUND:
                raise
            return None

    @contextmanager
    def _answers(self, request: str) -> Iterator[None]:
        try:
            yield
        except VaultRefusedError as refused:
            raise VaultAnswerError(request, refused.status, refused.reason) from None
        except VaultUnavailableError as error:
            if error.reason:
                raise VaultAnswerError(request, error.status, error.reason) from None
            raise self._silent(error) from None

    def _silent(self, error: VaultUnavailableError) -> VaultSilentError:
        """Another server than a vault, and one that is not trusted, will be the same after a wait."""
        return VaultSilentError(
            error.said_of(f"VAULT_ADDR: {self.address}"), is_final=error.is_final or error.status != 0
        )
