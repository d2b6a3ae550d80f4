"""The connection of a mock to the vault that issues the credentials: one pooled client, with a deadline for each call."""

import logging
import ssl
from typing import Any

import httpx

from mocks import tls
from mocks.bounded_transport import BoundedTransport
from mocks.refusals import VaultUnreachableError

log = logging.getLogger(__name__)


class VaultConnection:
    """Reads paths of the vault without a credential: key sets are public, and API keys look themselves up."""

    def __init__(
        self,
        address: str,
        trust: ssl.SSLContext | None = None,
        *,
        timeout: float = 3.0,
        connections: int = 32,
    ) -> None:
        """`timeout` is in seconds, for a question and its whole answer."""
        self._http = httpx.Client(
            base_url=f"{address}/v1/",
            transport=BoundedTransport(trust, timeout=timeout, connections=connections),
            headers={"Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        )

    def read(self, path: str, *, token: str | None = None) -> tuple[int, Any]:
        """The status and the JSON of a GET.

        Raises `VaultUnreachableError`, and logs the reason, if there is no answer or none that decides (5xx, 429, not
        JSON).
        """
        headers = {"X-Vault-Token": token} if token is not None else {}
        try:
            answer = self._http.get(path, headers=headers)
            if (
                answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
                and answer.status_code not in _UNDECIDED
            ):
                return answer.status_code, answer.json()
            reason = f"HTTP {answer.status_code}"
        except (httpx.HTTPError, ValueError) as error:
            # The error holds the request, and the request holds the token: only its type is logged.
            reason = type(error).__name__
            if distrust := tls.distrust(error):
                reason = f"its certificate is not trusted, {distrust}: CA_FILE names the authorities"
        log.warning("the vault could not check a credential (GET %s): %s", path, reason)
        raise VaultUnreachableError


_UNDECIDED = frozenset({httpx.codes.TOO_MANY_REQUESTS, 412, 472, 473})
