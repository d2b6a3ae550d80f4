"""HTTP with an end: each call has one deadline and one limit of size, whatever the peer does.

No redirect is followed, no proxy or variable of the environment is obeyed, no cookie is kept.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

from app.connections.bounded_network import LostConnectionError, UnconnectedError, unconnected
from app.connections.deadline import Deadline
from app.connections.http_exchange import exchange, is_whole, pieces
from app.connections.kept_connections import KeptConnections
from app.connections.tls import Trust

#: Bytes inflated at a time. A thousandfold inflation then costs no more memory than the answer may have.
_STEP = 65_536
_SCHEMES = ("http", "https")
_GZIP = 16 + zlib.MAX_WBITS
#: What RFC 3986 admits in a path, and "%", so that a path may be quoted already.
_PATH = "/:@!$&'()*+,;=~-._%"


class WireError(Exception):
    """No usable answer came; the text says why, for a log or a page. It holds nothing that was sent.

    `status` is that of an answer that began, or else 0.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class UnsentError(WireError):
    """No connection came about: nothing was sent."""


class DistrustError(UnsentError):
    """The TLS handshake failed. It will fail again until somebody changes something."""


class KeptConnectionError(WireError):
    """The peer closed a connection that it had kept from an earlier call. It most likely saw nothing of this one."""


class LateError(WireError):
    """The deadline came first."""


class OversizeError(WireError):
    """The answer is larger than the limit."""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer, complete. `content` is no longer compressed."""

    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """The connections of one process to any number of servers. Not fork-safe: make it after the fork.

    `size` idle connections are kept for each server. A call never waits for another.
    """

    def __init__(self, trust: Trust, *, size: int = 32) -> None:
        self._trust = trust
        self._kept = KeptConnections(trust.context, size=size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections."""
        self._kept.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        limit: int,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> WireAnswer:
        """Send one request and read its answer, of `limit` bytes at most, before the deadline.

        Raises `WireError`, and ValueError for a `url` that is no address.
        """
        place = urlsplit(url)
        query = "&".join(part for part in (place.query, urlencode(params or {})) if part)
        target = quote(place.path or "/", safe=_PATH) + (f"?{query}" if query else "")
        status, host = 0, urlsplit(f"//{_in_ascii(place.netloc)}")
        if place.scheme not in _SCHEMES:
            raise UnsentError("no answer (its address is none of HTTP)")
        server = place.scheme, host.hostname or "", host.port
        sent = {"Host": host.netloc, "Accept-Encoding": "identity", **(headers or {})}
        try:
            with self._kept.connection(*server, until=deadline.at) as connection:
                response = exchange(connection.socket, method, target, headers=sent, body=body)
                status = response.status
                named = {name.lower(): value for name, value in response.getheaders()}
                content = _whole(pieces(response), named.get("content-encoding", "identity"), limit)
                connection.is_free = is_whole(response)
                return WireAnswer(status, named, content)
        except WireError as unusable:
            unusable.status = status
            raise
        except TimeoutError:
            what = "answer not complete" if status else "no answer"
            raise LateError(f"{what} within {deadline.seconds:g} s", status) from None
        except (OSError, HTTPException, ValueError) as broken:
            # Their own texts are not repeated: one on a header holds the header, and that the credential.
            raise self._failed(broken, status) from None

    def _failed(self, error: Exception, status: int) -> WireError:
        is_unsent = isinstance(error, UnconnectedError)
        if trouble := self._trust.trouble(error, what="it"):
            return (DistrustError if is_unsent else WireError)(f"no answer ({trouble})")
        if is_unsent:
            return UnsentError(f"no answer ({unconnected(error.__cause__)})")
        if isinstance(error, LostConnectionError):
            lost = KeptConnectionError if error.was_kept else WireError
            return lost("no answer (it closed the connection)")
        if status:
            return WireError("answer cut off", status)
        if isinstance(error, HTTPException):
            return WireError("no answer (what came is not HTTP)")
        return WireError(f"no answer ({type(error).__name__})")


def _in_ascii(netloc: str) -> str:
    """As name servers take it (RFC 3490)."""
    if netloc.isascii():
        return netloc
    try:
        return netloc.encode("idna").decode()
    except UnicodeError:
        raise UnsentError("no answer (no such host)") from None


def _whole(chunks: Iterable[bytes], coding: str, limit: int) -> bytes:
    """All of an answer. What came and what it inflates to are each bounded, before they are kept."""
    parts = _bounded(chunks, limit)
    if coding.lower() in ("gzip", "x-gzip"):
        parts = _bounded(_inflated(parts), limit)
    elif coding.lower() != "identity":
        raise WireError("answered in a content coding that was not asked for")
    content = bytearray()
    for part in parts:
        content += part
    return bytes(content)


def _bounded(parts: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > limit:
            raise OversizeError(f"answer larger than {limit} bytes")
        yield part


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    has_begun = False
    try:
        for chunk in chunks:
            has_begun, rest = True, chunk
            while rest:
                yield inflater.decompress(rest, _STEP)
                rest = inflater.unconsumed_tail
                if inflater.eof:
                    break
    except zlib.error:
        raise WireError("answer cannot be inflated") from None
    if inflater.unused_data or (has_begun and not inflater.eof):
        raise WireError("answer cannot be inflated")
