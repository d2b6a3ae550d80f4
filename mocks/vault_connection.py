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

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def read(self, path: str, *, token: str | None = None) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of a GET: 200, or 400 and 403 with the vault's own errors.

        Raises `VaultUnreachableError`, and logs the reason, if there is no answer or another one: none that decides.
        """
        headers = {"X-Vault-Token": token} if token is not None else {}
        try:
            answer = self._http.get(path, headers=headers)
            reason = f"HTTP {answer.status_code}"
            if answer.status_code in (httpx.codes.OK, *_REFUSED):
                found = answer.json()
                if isinstance(found, dict) and (answer.is_success or _are_own(found.get("errors"))):
                    return answer.status_code, found
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            # The error holds the request, and the request holds the token: only its type is logged.
            reason = type(error).__name__
            if distrust := tls.distrust(error):
                reason = f"its certificate is not trusted, {distrust}: CA_FILE names the authorities"
        log.warning("the vault could not check a credential (GET %s): %s", path, reason)
        raise VaultUnreachableError


_REFUSED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN})


def _are_own(errors: object) -> bool:
    return isinstance(errors, list) and all(isinstance(each, str) for each in errors)
