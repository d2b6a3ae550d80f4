"""Asks the vault whether a credential is still alive, with an identity that can change nothing."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from app.connections.secret_files import SettingsError
from app.connections.tls import Trust
from app.connections.vault_calls import VaultCalls
from app.connections.vault_replies import VaultRefusedError, VaultUnavailableError
from app.credentials.approle import LOGIN_PATH, ProcessLogin

#: The vault's words for a token or a lease that it does not know. Only they mean that it is dead.
UNKNOWN = frozenset({"invalid accessor", "invalid lease", "lease not found"})
_AT_ONCE = 8


class AuditorError(Exception):
    """The vault did not answer the question, which is not the same as "dead"."""


class Auditor:
    """Liveness by accessor or lease id. Use as a context manager."""

    def __init__(self, vault_addr: str, identity_file: Path, trust: Trust, *, timeout: float = 5.0) -> None:
        """`timeout` is in seconds, for one question. The first one without an answer is the last one asked."""
        self._calls = VaultCalls(vault_addr, trust, pool_size=_AT_ONCE, seconds=timeout)
        self._login = ProcessLogin(identity_file, self._log_in, refused=VaultRefusedError, what="the vault")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.close()

    def alive(self, *, accessors: Iterable[str], leases: Iterable[str]) -> list[str]:
        """Those of the given accessors and lease ids the vault still knows. Raises `AuditorError`."""
        questions = [("auth/token/lookup-accessor", "accessor", "accessor", a) for a in accessors]
        questions += [("sys/leases/lookup", "lease_id", "id", lease) for lease in leases]
        threads = ThreadPoolExecutor(_AT_ONCE)
        try:
            token = self._login.token()
            answers = threads.map(lambda question: self._is_alive(token, *question), questions)
            return [name for (*_, name), alive in zip(questions, answers, strict=True) if alive]
        except VaultUnavailableError as silent:
            raise AuditorError(silent.said_of("the vault")) from None
        except (SettingsError, VaultRefusedError) as refused:
            raise AuditorError(str(refused)) from None
        finally:
            threads.shutdown(cancel_futures=True)

    def _is_alive(self, token: str, path: str, field: str, field_of_answer: str, name: str) -> bool:
        try:
            reply = self._calls.call("POST", path, token=token, data={field: name}, repeatable=True)
        except VaultRefusedError as error:
            if error.reason in UNKNOWN:
                return False
            raise
        reply.require_about(name, "data", field_of_answer)
        return True

    def _log_in(self, login: dict[str, str]) -> tuple[str, float]:
        reply = self._calls.call("POST", LOGIN_PATH, data=login)
        return reply.text("auth", "client_token"), reply.number("auth", "lease_duration")
