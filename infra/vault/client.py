"""A client of the vault for provisioning: plain HTTP, and errors of one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from app.connections.tls import Trust
from infra.reporting import ProvisionError


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


class VaultClient:
    """Connections to one vault, as a context manager. Each call passes its own token.

    Proxies and redirects are not followed, since they would see the token.
    """

    def __init__(self, address: str, *, trust: Trust, timeout: float) -> None:
        """`timeout` is in seconds, for connecting and for each answer."""
        self.address = address
        self._trust = trust
        self._http = httpx.Client(
            base_url=f"{address}/v1/",
            verify=trust.context,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def read(self, path: str, token: str) -> dict[str, Any] | None:
        """The data at `path`, or None. Raises `VaultSilentError` and `VaultAnswerError`."""
        answer = self._ask("GET", path, token)
        return None if answer is None else dict(answer["data"])

    def names(self, path: str, token: str) -> list[str]:
        """The names below `path`. Raises as `read` does."""
        answer = self._ask("LIST", path, token)
        return [] if answer is None else list(answer["data"]["keys"])

    def write(self, path: str, data: Mapping[str, Any], token: str = "") -> dict[str, Any]:
        """Write `data`; returns the whole answer, which may be empty. Raises as `read` does, also for an unknown path."""
        answer = self._ask("POST", path, token, data)
        if answer is None:
            raise VaultAnswerError(f"POST {path}", httpx.codes.NOT_FOUND, "there is no such path")
        return answer

    def delete(self, path: str) -> None:
        """Delete without a token. Raises as `read` does."""
        self._ask("DELETE", path, "")

    def save(self, path: str, token: str, file: BinaryIO) -> int:
        """Copy the content of `path` into an open file; returns its size in bytes. Raises as `read` does."""
        headers = {"X-Vault-Token": token}
        with self._answers(), self._http.stream("GET", path, headers=headers) as answer:
            if not answer.is_success:
                answer.read()
                raise VaultAnswerError(f"GET {path}", answer.status_code, _reason(answer))
            return sum(file.write(block) for block in answer.iter_bytes())

    def load(self, path: str, token: str, file: BinaryIO) -> None:
        """Send an open file to `path`. Raises as `read` does."""
        with self._answers():
            answer = self._http.post(path, headers={"X-Vault-Token": token}, content=file)
        if not answer.is_success:
            raise VaultAnswerError(f"POST {path}", answer.status_code, _reason(answer))

    def seal_status(self) -> dict[str, Any]:
        """Whether the vault is initialised and sealed, and how it is unsealed. Raises as `read` does."""
        found = self._ask("GET", "sys/seal-status", "") or {}
        if not {"initialized", "sealed"} <= found.keys():
            raise ProvisionError(f"VAULT_ADDR: the server at {self.address} is not a vault")
        return found

    def health(self) -> int:
        """The HTTP status of `sys/health`: 200 is active, 429 a standby. Raises `VaultSilentError`."""
        return self._send("GET", "sys/health", "").status_code

    def _ask(
        self, method: str, path: str, token: str, data: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        answer = self._send(method, path, token, data)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise VaultAnswerError(f"{method} {path}", answer.status_code, _reason(answer))
        try:
            return dict(answer.json()) if answer.content else {}
        except (ValueError, TypeError):
            raise ProvisionError(f"VAULT_ADDR: the server at {self.address} is not a vault") from None

    def _send(
        self, method: str, path: str, token: str, data: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        headers = {"X-Vault-Token": token} if token else {}
        with self._answers():
            return self._http.request(method, path, json=data, headers=headers)

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            if (reason := self._trust.trouble(error, what=f"the vault at {self.address}")) is not None:
                raise VaultSilentError(f"VAULT_ADDR: {reason}", is_final=True) from None
            # The error holds the request, and the request holds the token: only its text is passed on.
            raise VaultSilentError(f"VAULT_ADDR: {self.address} does not answer ({_words(error)})") from None


def _words(error: httpx.HTTPError) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _reason(answer: httpx.Response) -> str:
    try:
        errors = answer.json()["errors"]
    except (ValueError, LookupError, TypeError):
        errors = []
    return " ".join("; ".join(map(str, errors)).split())[:300] or "no reason given"
