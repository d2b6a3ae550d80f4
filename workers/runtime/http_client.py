"""HTTP calls to a tool: authenticated, bounded in time, size and tries, without redirects, and recorded."""

import hashlib
import json
import random
import time
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx

from app.connections.tls import trust_of
from app.credentials.grants import Grant, SignedToken
from app.credentials.lineage import ToolCall
from app.credentials.settings import AgentSettings
from workers.runtime.answer import Answer, ToolError
from workers.runtime.run_session import Issued
from workers.runtime.secret import Secret

_RETRIED = frozenset({500, 502, 503, 504})
#: Seconds an answer may have lain in a cache on the way; beyond that it was not given to this question.
_OLDEST = 60
_AGE_DIGITS = 10


class CredentialAuth(httpx.Auth):
    """Puts a credential on each request: signed tokens as a bearer token, API keys in `X-Api-Key`."""

    def __init__(self, grant: Grant, secret: Secret) -> None:
        self._bearer = isinstance(grant, SignedToken)
        self._secret = secret

    def is_repeated_in(self, answer: bytes) -> bool:
        """Whether a service sent the credential back: such an answer is not kept."""
        return self._secret.reveal().encode() in answer

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        if self._bearer:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        else:
            request.headers["X-Api-Key"] = self._secret.reveal()
        yield request


def pool(settings: AgentSettings, *, size: int) -> httpx.Client:
    """Connections shared by all runs of one process; no credential is kept on them."""
    return httpx.Client(
        follow_redirects=False,
        # No proxy, no ~/.netrc: the environment must not be able to add a credential or a detour.
        trust_env=False,
        verify=trust_of(settings).context,
        timeout=httpx.Timeout(settings.tool_timeout),
        limits=httpx.Limits(max_connections=size, max_keepalive_connections=size),
        # Only what the source says now counts: caches on the way must ask it again.
        headers={"Accept": "application/json", "Cache-Control": "no-cache"},
    )


class HttpClient:
    """One tool, one credential, one run. Every try is added to `calls`."""

    def __init__(
        self,
        connections: httpx.Client,
        base_url: str,
        settings: AgentSettings,
        *,
        grant: Grant,
        issued: Issued,
        calls: list[ToolCall],
        local_time: Callable[[datetime], datetime] | None = None,
    ) -> None:
        self._connections = connections
        self._base_url = base_url
        self._settings = settings
        self._auth = CredentialAuth(grant, issued.secret)
        self._credential_id = issued.record.credential_id
        self._calls = calls
        self._local_time = local_time

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask, and ask again where that helps. Raises `ToolError` when no usable answer came."""
        for remaining in reversed(range(self._settings.tool_tries)):
            call, content = self._try(path, params)
            self._calls.append(call)
            if call.error is None:
                return Answer(call.call_id, None if call.status == httpx.codes.NO_CONTENT else _json(content))
            if remaining == 0 or (call.status not in _RETRIED and call.status != 0):
                break
            time.sleep(random.uniform(0.05, 0.25))  # noqa: S311  # spreads retries, guards nothing
        raise ToolError(call.error)

    def _try(self, path: str, params: Mapping[str, str]) -> tuple[ToolCall, bytes]:
        started_at, start = datetime.now(UTC), time.monotonic()
        status, content, error = 0, b"", None
        try:
            url = self._base_url + path
            with self._connections.stream("GET", url, params=params, auth=self._auth) as response:
                status = response.status_code
                content = self._read(response, deadline=start + self._settings.tool_timeout)
            error = self._problem(status, content) or _kept(response.headers.get("Age", ""))
        except ToolError as too_much:
            error = str(too_much)
        except httpx.TimeoutException:
            error = f"no answer within {self._settings.tool_timeout:g} s"
        except httpx.HTTPError as broken:
            # `from None` would not help here: the error holds the request, and that the credential. Keep its name.
            reason = trust_of(self._settings).trouble(broken, what="it") or type(broken).__name__
            error = f"no answer ({reason})"
        call = ToolCall(
            call_id=uuid4(),
            credential_id=self._credential_id,
            operation=f"GET {path}",
            status=status,
            started_at=started_at,
            latency_ms=round((time.monotonic() - start) * 1000, 3),
            answer_digest=hashlib.sha256(content).hexdigest() if status else None,
            answer_bytes=len(content),
            answer=content if content and not self._auth.is_repeated_in(content) else None,
            error=error,
        )
        return call, content

    def _read(self, response: httpx.Response, *, deadline: float) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > self._settings.tool_answer_limit:
                raise ToolError(f"answer larger than {self._settings.tool_answer_limit} bytes")
            # A timeout of httpx is per read; this one is for the whole answer.
            if time.monotonic() > deadline:
                raise ToolError(f"answer not complete within {self._settings.tool_timeout:g} s")
        return bytes(content)

    def _problem(self, status: int, content: bytes) -> str | None:
        if status in (httpx.codes.OK, httpx.codes.NO_CONTENT):
            return None
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return f"refused the credential (HTTP {status})"
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return f"over its daily quota or rate limit (HTTP 429){self._until(content)}"
        if 300 <= status < 400:  # noqa: PLR2004  # the redirects
            return f"answered with a redirect (HTTP {status}), which is not followed"
        return f"answered HTTP {status}"

    def _until(self, content: bytes) -> str:
        """When access returns, if a gateway's body over quota says so. Only a time is repeated, never its text."""
        try:
            returns = datetime.strptime(json.loads(content)["nextAccessTime"], "%Y-%b-%d %H:%M:%S%z UTC")
            local = f" ({self._local_time(returns):%Y-%m-%d %H:%M %Z})" if self._local_time else ""
            return f"; access returns {returns.astimezone(UTC):%Y-%m-%d %H:%M UTC}{local}"
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
            return ""


def _kept(age: str) -> str | None:
    """Why an answer from a cache is refused; `age` is its header of that name, in seconds (RFC 9111)."""
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) <= _AGE_DIGITS else 0
    return f"answer kept in a cache for {seconds} s, not given now" if seconds > _OLDEST else None


def _json(content: bytes) -> Any:
    try:
        body = json.loads(content, parse_float=Decimal)
        # What PostgreSQL cannot hold, NUL or half a surrogate pair, could only come as an escape.
        if b"\\u" in content and b"\\u0000" in json.dumps(body, ensure_ascii=False, default=str).encode():
            raise ToolError("unreadable answer: it holds a NUL character")
    except (ValueError, RecursionError):
        raise ToolError("unreadable answer: not JSON") from None
    return body
