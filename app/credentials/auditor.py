"""Asks the vault whether a credential is still alive, with an identity that can change nothing."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from app.connections.secret_files import SettingsError
from app.connections.tls import Trust
from app.credentials.approle import LOGIN_PATH, ProcessLogin

_DEAD = ("invalid accessor", "invalid lease", "lease not found")


class AuditorError(Exception):
    """The vault did not answer the question, which is not the same as "dead"."""


class _RefusedError(AuditorError):
    """The vault refused the login."""


class Auditor:
    """Liveness by accessor or lease id. Use as a context manager."""

    def __init__(self, vault_addr: str, identity_file: Path, trust: Trust) -> None:
        self._http = httpx.Client(
            base_url=f"{vault_addr}/v1/", verify=trust.context, timeout=10, trust_env=False
        )
        self._trust = trust
        self._login = ProcessLogin(identity_file, self._log_in, refused=_RefusedError, what="the vault")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def alive(self, *, accessors: Iterable[str], leases: Iterable[str]) -> list[str]:
        """Those of the given accessors and lease ids the vault still knows. Raises `AuditorError`."""
        try:
            headers = {"X-Vault-Token": self._login.token()}
        except SettingsError as error:
            raise AuditorError(str(error)) from None
        questions = [("auth/token/lookup-accessor", "accessor", a) for a in accessors]
        questions += [("sys/leases/lookup", "lease_id", lease) for lease in leases]
        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(lambda question: self._is_alive(headers, *question), questions)
            return [name for (_, _, name), alive in zip(questions, answers, strict=True) if alive]

    def _is_alive(self, headers: dict[str, str], path: str, field: str, name: str) -> bool:
        answer = self._post(path, {field: name}, headers)
        if answer.status_code == httpx.codes.OK:
            return True
        if any(text in answer.text for text in _DEAD):
            return False
        raise AuditorError(f"the vault answered HTTP {answer.status_code} to {path}")

    def _log_in(self, login: dict[str, str]) -> tuple[str, float]:
        answer = self._post(LOGIN_PATH, login, {})
        if answer.status_code != httpx.codes.OK:
            raise _RefusedError(f"HTTP {answer.status_code}")
        auth = answer.json()["auth"]
        return auth["client_token"], auth["lease_duration"]

    def _post(self, path: str, data: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        try:
            answer = self._http.post(path, json=data, headers=headers)
        except httpx.HTTPError as error:
            # The error holds the request, and that the token: only its name goes on.
            silent = f"the vault does not answer ({type(error).__name__})"
            raise AuditorError(self._trust.trouble(error, what="the vault") or silent) from None
        if answer.is_redirect:
            raise AuditorError(
                f"the vault answered HTTP {answer.status_code}, which is not followed: VAULT_ADDR must lead to the"
                " vault itself"
            )
        return answer
