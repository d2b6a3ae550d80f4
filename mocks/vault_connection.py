"""The services' own way to the vault that issued what callers present: one pooled client, bounded in time."""

import logging
import ssl
from typing import Any

import httpx

from mocks import tls
from mocks.refusal import VaultUnreachableError

log = logging.getLogger(__name__)


class VaultConnection:
    """Reads paths of the vault. No credential of its own: key sets are public, API keys look themselves up."""

    def __init__(
        self,
        address: str,
        trust: ssl.SSLContext | None = None,
        *,
        timeout: float = 3.0,
        connections: int = 32,
    ) -> None:
        self._http = httpx.Client(
            base_url=f"{address}/v1/",
            verify=trust or True,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    def read(self, path: str, *, token: str | None = None) -> tuple[int, Any]:
        """Status and JSON of a GET.

        Raises `VaultUnreachableError` when there is no answer, or one that settles nothing (5xx, 429, not JSON).
        """
        headers = {"X-Vault-Token": token} if token is not None else {}
        try:
            answer = self._http.get(path, headers=headers)
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code in _UNDECIDED:
                raise VaultUnreachableError
            return answer.status_code, answer.json()
        except (httpx.HTTPError, ValueError) as error:
            if reason := tls.distrust(error):
                log.warning("the vault's certificate is not believed (%s): CA_FILE names the authorities", reason)  # fmt: skip
            # The error holds the request, and that the token.
            raise VaultUnreachableError from None


_UNDECIDED = frozenset({httpx.codes.TOO_MANY_REQUESTS, 412, 472, 473})
