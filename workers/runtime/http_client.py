"""HTTP calls to a tool: authenticated, bounded in time, size and tries, without redirects, and recorded."""

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireError
from app.connections.tls import trust_of
from app.credentials.grants import Grant, SignedToken
from app.credentials.lineage import ToolCall
from app.credentials.settings import AgentSettings
from workers.runtime.answer import Answer, OutOfReachError, ToolError
from workers.runtime.run_session import Issued

_RETRIED = frozenset({500, 502, 503, 504})
#: Repeated tries of all calls of one client: each counts against the service's quota.
_REPEATS = 3
#: What the next question would meet, too; 0 is no answer at all.
_OUT_OF_REACH = frozenset({0, 401, 403, 429})
#: Seconds an answer may have lain in a cache on the way; beyond that it was not given to this question.
_OLDEST = 60
_AGE_DIGITS = 10
#: Only what the source says now counts: caches on the way must ask it again.
_HEADERS = {"Accept": "application/json", "Cache-Control": "no-cache"}


def pool(settings: AgentSettings, *, size: int) -> Wire:
    """Connections shared by all runs of one process; no credential is kept on them."""
    return Wire(trust_of(settings), size=size)


class HttpClient:
    """One tool, one credential, one run. Every try is added to `calls`, and all of them end by the deadline."""

    def __init__(
        self,
        connections: Wire,
        base_url: str,
        settings: AgentSettings,
        *,
        grant: Grant,
        issued: Issued,
        calls: list[ToolCall],
        deadline: Deadline | None = None,
        timeout: float | None = None,
        local_time: Callable[[datetime], datetime] | None = None,
    ) -> None:
        self._connections = connections
        self._base_url = base_url
        self._settings = settings
        self._is_bearer = isinstance(grant, SignedToken)
        self._secret = issued.secret
        self._credential_id = issued.record.credential_id
        self._calls = calls
        self._deadline = deadline or Deadline(settings.tool_deadline)
        self._timeout = timeout or settings.tool_timeout
        self._local_time = local_time
        self._repeats_left = _REPEATS

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask, and ask again where that helps. Raises `ToolError` when no usable answer came.

        That is an `OutOfReachError` where no other question would fare better.
        """
        for remaining in reversed(range(self._settings.tool_tries)):
            if self._deadline.over:
                raise OutOfReachError(f"not everything was answered within {self._deadline.seconds:g} s")
            call, content = self._try(path, params)
            self._calls.append(call)
            if call.error is None:
                return Answer(call.call_id, self._body(call.status, content))
            if remaining == 0 or (call.status not in _RETRIED and call.status != 0) or self._deadline.over:
                break
            if self._repeats_left == 0:
                break
            self._repeats_left -= 1
            pause = random.uniform(0.05, 0.25)  # noqa: S311  # spreads retries, guards nothing
            time.sleep(min(pause, self._deadline.left))
        raise (OutOfReachError if call.status in _OUT_OF_REACH else ToolError)(call.error)

    def _try(self, path: str, params: Mapping[str, str]) -> tuple[ToolCall, bytes]:
        started_at, start = datetime.now(UTC), time.monotonic()
        content = b""
        try:
            answer = self._connections.request(
                "GET",
                self._base_url + path,
                headers={**_HEADERS, **self._credential()},
                params=params,
                deadline=self._deadline.within(self._timeout),
                limit=self._settings.tool_answer_limit,
            )
            status, content = answer.status, answer.content
            error = self._problem(status, content) or _kept(answer.headers.get("age", ""))
        except WireError as broken:
            status, error = broken.status, str(broken)
        call = ToolCall(
            call_id=uuid4(),
            credential_id=self._credential_id,
            operation=f"GET {path}",
            status=status,
            started_at=started_at,
            latency_ms=round((time.monotonic() - start) * 1000, 3),
            answer_digest=hashlib.sha256(content).hexdigest() if status else None,
            answer_bytes=len(content),
            answer=content if content and not self._is_repeated_in(content) else None,
            error=error,
        )
        return call, content

    def _credential(self) -> dict[str, str]:
        """Signed tokens travel as a bearer token, API keys in `X-Api-Key`."""
        secret = self._secret.reveal()
        return {"Authorization": f"Bearer {secret}"} if self._is_bearer else {"X-Api-Key": secret}

    def _body(self, status: int, content: bytes) -> Any:
        """What is read of an answer: without the credential, which could end up in a finding."""
        if status == HTTPStatus.NO_CONTENT:
            return None
        return _json(content.replace(self._secret.reveal().encode(), b"(credential)"))

    def _is_repeated_in(self, answer: bytes) -> bool:
        """Whether a service sent the credential back: such an answer is not kept."""
        return self._secret.reveal().encode() in answer

    def _problem(self, status: int, content: bytes) -> str | None:
        if status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            return None
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return f"refused the credential (HTTP {status})"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
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
    if body is None:  # that is how an `Answer` says that there was none, which is not for this one to claim
        raise ToolError("unreadable answer: null")
    return body
