"""The wire to the vault. The only module here that imports hvac; its errors and urllib3's end at this border."""

import json as json_format
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import hvac
import hvac.exceptions
import urllib3

from app.connections.tls import Trust
from workers.runtime.secret import Secret

_REFUSALS = (hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath)


class VaultUnavailableError(Exception):
    """The vault cannot answer now (down, sealed, overloaded, no audit device): wait and try again."""


class VaultRefusedError(Exception):
    """The vault answered, and the answer is no."""


class VaultForbiddenError(VaultRefusedError):
    """Refused because of who asks: a policy, a dead token, a disabled entity."""


class Vault:
    """A connection pool to one vault. Not fork-safe: make it after the fork."""

    def __init__(self, address: str, trust: Trust, *, pool_size: int = 32, timeout: float = 5.0) -> None:
        self.address = address
        self._trust = trust
        self._timeout = timeout
        self._session = PooledSession(address, trust, pool_size=pool_size)

    def read(self, path: str, token: Secret) -> Any:
        """The JSON answer to a read. Raises `VaultRefusedError` or `VaultUnavailableError`."""
        return self._call(token, lambda client: client.read(path))

    def write(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        token: Secret | None = None,
        *,
        wrap_ttl: str | None = None,
    ) -> Any:
        """The JSON answer to a write. Errors as `read`. With `wrap_ttl` the answer comes wrapped."""
        return self._call(token, lambda client: client.write_data(path, data=data or {}, wrap_ttl=wrap_ttl))

    def _call(self, token: Secret | None, operation: Callable[[Any], Any]) -> Any:
        client = hvac.Client(
            url=self.address,
            # The empty string matters: with None, hvac would look for VAULT_TOKEN and ~/.vault-token.
            token=token.reveal() if token else "",
            session=self._session,
            timeout=self._timeout,
            allow_redirects=False,
        )
        try:
            answer = operation(client)
        except hvac.exceptions.Forbidden as error:
            raise VaultForbiddenError(_reason(error)) from None
        except _REFUSALS as error:
            raise VaultRefusedError(_reason(error)) from None
        except hvac.exceptions.VaultError as error:
            raise VaultUnavailableError(_reason(error)) from None
        except urllib3.exceptions.HTTPError as error:
            reason = self._trust.trouble(error, what="it") or type(error).__name__
            raise VaultUnavailableError(f"no answer ({reason})") from None
        if isinstance(answer, VaultAnswer) and not answer.is_final:
            raise VaultUnavailableError(
                f"answered HTTP {answer.status_code}, which is not followed: VAULT_ADDR must lead to the vault itself"
            )
        if isinstance(answer, VaultAnswer) and answer.content:
            raise VaultUnavailableError("answered, but not as a vault does")
        return answer


def _reason(error: Any) -> str:
    text = "; ".join(getattr(error, "errors", None) or []) or str(error) or type(error).__name__
    return " ".join(text.split())[:300]


@dataclass(frozen=True, slots=True)
class VaultAnswer:
    """What hvac reads of an answer, under the names `requests` gives it."""

    status_code: int
    content: bytes
    #: Its content type is how hvac recognises an error's text; names in any case.
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether the vault carried out the request."""
        return self.status_code < 400  # noqa: PLR2004  # where HTTP's errors begin

    @property
    def is_final(self) -> bool:
        """Whether this is the answer itself, not a pointer to another place."""
        return self.status_code < 300  # noqa: PLR2004  # where redirects begin

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises `ValueError`."""
        return json_format.loads(self.content)


class PooledSession:
    """Connections below hvac, shared by all threads of a process. No proxy, no netrc, no cookies, no redirects.

    It is urllib3 in place of a `requests.Session`, at less than half its CPU per call.

    Raises `urllib3.exceptions.HTTPError` when no answer came.
    """

    #: hvac asks a session for these. What server certificates are checked against is the context given below.
    verify, cert, proxies = True, None, None

    def __init__(self, address: str, trust: Trust, *, pool_size: int) -> None:
        tls = {"ssl_context": trust.context} if address.startswith("https:") else {}
        self._pool = urllib3.connection_from_url(
            address, maxsize=pool_size, block=False, retries=False, **tls
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        json: Any = None,
        params: dict[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> VaultAnswer:
        """One request; `timeout` in seconds, for connecting and for each read."""
        target = urlsplit(url).path + (f"?{urlencode(params)}" if params else "")
        answer = self._pool.request(
            method.upper(), target, json=json, headers=headers, timeout=timeout, redirect=False, retries=False
        )
        return VaultAnswer(answer.status, answer.data, answer.headers)
