"""Answers over HTTP that no program would give that was asked: those of load balancers, firewalls and broken servers."""

import gzip
from collections.abc import Sequence
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from http import HTTPStatus

JSON, PAGE = "application/json", "text/html; charset=utf-8"
HTML = b"<!DOCTYPE html><html><body><h1>We will be back soon</h1><p>Scheduled maintenance.</p></body></html>"
#: What a server that expects TLS says to one that begins with something else: "unexpected message".
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x0a"
#: More than any client takes: ten times the largest limit, and inflated a thousandfold from less than a megabyte.
LARGE, INFLATED = 20_000_000, 100_000_000
#: Beginnings of answers whose rest never comes.
ENDLESS_HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Padding: "
ENDLESS_BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"


def message(
    status: int,
    content: bytes,
    kind: str = PAGE,
    *,
    headers: Sequence[tuple[str, str]] = (),
    length: bool = True,
) -> bytes:
    """An answer as bytes. `headers` are all but the content's length, and by default name its kind only."""
    named = list(headers) or [("Content-Type", kind)]
    if length and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        named.append(("Content-Length", str(len(content))))
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in named)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def shifted(date: str, seconds: float) -> str:
    """A Date header, `seconds` later."""
    return format_datetime(parsedate_to_datetime(date) + timedelta(seconds=seconds), usegmt=True)


def _moved(status: int) -> bytes:
    return message(status, HTML, headers=[("Content-Type", PAGE), ("Location", "/elsewhere")])


@cache
def bomb() -> bytes:
    """Spaces before an empty JSON object: valid, and a thousand times as large as sent."""
    content = gzip.compress(b" " * INFLATED + b"{}")
    return message(200, content, headers=[("Content-Type", JSON), ("Content-Encoding", "gzip")])


ANSWERS = {
    "html": message(200, HTML),
    "404": message(404, b"default backend - 404", "text/plain"),
    "404 json": message(404, b'{"message": "no Route matched with those values"}', JSON),
    "307": _moved(307),
    "301": _moved(301),
    "403": message(403, b"<html><head><title>403 Forbidden</title></head></html>"),
    "405": message(405, b"<html><head><title>405 Not Allowed</title></head></html>"),
    "429": message(429, b"<html><head><title>429 Too Many Requests</title></head></html>"),
    "500": message(500, b"<html><head><title>500 Internal Server Error</title></head></html>"),
    "502": message(502, b"<html><head><title>502 Bad Gateway</title></head></html>"),
    "503": message(503, HTML),
    "plain to tls": message(400, b"Client sent an HTTP request to an HTTPS server.\n", "text/plain"),
    "empty": message(200, b"", JSON),
    "no content": message(204, b"", JSON),
    "{}": message(200, b"{}", JSON),
    "[]": message(200, b"[]", JSON),
    "null": message(200, b"null", JSON),
    "other types": message(200, b'{"data": [1], "auth": "yes", "wrap_info": 7, "errors": 3}', JSON),
    "too large": message(200, b'{"data": "' + b"x" * LARGE + b'"}', JSON),
    "garbage": bytes(range(256)) * 4,
}
