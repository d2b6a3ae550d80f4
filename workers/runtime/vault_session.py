"""The HTTP connections below hvac: urllib3 in place of a `requests.Session`, at less than half its CPU per call."""

import json as json_format
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from app.connections.tls import Trust


@dataclass(frozen=True, slots=True)
class Answer:
    """What hvac reads of an answer, under the names `requests` gives it."""

    status_code: int
    content: bytes
    #: Its content type is how hvac recognises an error's text; names in any case.
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether the vault did what it was asked to."""
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
    """Connections to one vault, shared by all threads of a process. No proxy, no netrc, no cookies, no redirects.

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
    ) -> Answer:
        """One request; `timeout` in seconds, for connecting and for each read."""
        target = urlsplit(url).path + (f"?{urlencode(params)}" if params else "")
        answer = self._pool.request(
            method.upper(), target, json=json, headers=headers, timeout=timeout, redirect=False, retries=False
        )
        return Answer(answer.status, answer.data, answer.headers)
