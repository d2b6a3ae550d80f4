"""One request and its answer on a connected socket, in the syntax of `http.client`, which knows no deadline by itself."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import BinaryIO

from app.connections.bounded_network import DeadlineSocket

#: Bytes of an answer that are read at a time, and of a file that are sent.
_BLOCK = 65_536


class _Response(HTTPResponse):
    """The answer after any number of hints that one is coming."""

    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = None  # type: ignore[assignment]  # which is how it asks whether it has begun
            super().begin()


def exchange(
    socket: DeadlineSocket,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str],
    body: bytes | BinaryIO | None = None,
) -> HTTPResponse:
    """Send a request; its answer up to the body.

    Raises `HTTPException` for an answer that is not HTTP, ValueError for a header that cannot be sent, and OSError. The
    texts of the first two may hold what was sent.
    """
    sending = HTTPConnection("", blocksize=_BLOCK)
    sending.sock = socket
    sending.request(method, target, body, headers)
    response = _Response(socket, method=method)  # type: ignore[arg-type]  # it has what is used of a socket
    response.begin()
    _require_one_length(response)
    return response


def pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The body of an answer. Raises `HTTPException` where it is cut off, and OSError."""
    while piece := response.read(_BLOCK):
        yield piece
    if response.length:
        raise HTTPException("cut off")


def is_whole(response: HTTPResponse) -> bool:
    """Whether all of it was read and its server takes another request on the same connection."""
    return response.isclosed() and not response.will_close


def _require_one_length(response: HTTPResponse) -> None:
    """`http.client` overlooks what would let two readers see two answers."""
    lengths = set(response.headers.get_all("Content-Length", []))
    codings = {each.lower() for each in response.headers.get_all("Transfer-Encoding", [])}
    if response.headers.defects or len(lengths) > 1 or not codings <= {"chunked"}:
        raise HTTPException("not HTTP")
    if any(not (each.isascii() and each.isdigit()) for each in lengths):
        raise HTTPException("not HTTP")
