"""Errors are pages too: plain words, the right status, no internal details."""

import logging
import re
import socket

import pytest

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "address",
    [
        f"/flags/{UNKNOWN}",
        f"/runs/{UNKNOWN}",
        "/flags/not-an-id",
        "/nothing",
        "/static/nothing.css",
        "/static/../__init__.py",
    ],
)
def test_an_unknown_address_is_not_found(client, read, address):
    assert read(client, address, status=404).error == "not-found"


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
@pytest.mark.parametrize("address", ["/flags", "/runs", "/stack", f"/runs/{UNKNOWN}"])
def test_read_only_pages_refuse_other_methods(client, method, address):
    answer = getattr(client, method)(address, data={"a": "b"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert 'data-error="method-not-allowed"' in answer.text


@pytest.mark.parametrize("address", ["/flags", f"/flags/{UNKNOWN}", "/runs", f"/runs/{UNKNOWN}"])
def test_without_a_database_the_page_says_that_nothing_is_lost(client_of, read, address, caplog):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql+psycopg://nobody@127.0.0.1:{port}/nowhere"
        client = client_of(database_url=url)
        with caplog.at_level(logging.ERROR):
            page = read(client, address, status=503)
    assert page.error == "database-down"
    assert "Nothing is lost" in page.text
    assert str(port) not in page.html
    reference = page.named["reference"]
    assert reference in caplog.text


class Broken:
    """Read models with a bug."""

    def run_counts(self, **_):
        raise RuntimeError("the inside of it")

    runs = run_counts


def test_a_bug_shows_nothing_from_inside(with_queries, read, caplog):
    page = read(with_queries(Broken()), "/runs", status=500)
    assert page.error == "internal"
    assert "inside" not in page.html
    assert "the inside of it" in caplog.text


@pytest.mark.parametrize(
    "address", ["/", "/flags", "/nothing", "/flags?rule=X", "/healthz", "/static/pages.css", "/stack"]
)
def test_every_response_has_the_security_headers(client, address):
    headers = client.get(address, buffered=True).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == policy["font-src"] == policy["connect-src"] == "'self'"
    assert re.fullmatch(r"'self' 'nonce-[\w-]{22}'", policy["script-src"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    assert ("no-store" in headers.get("Cache-Control", "")) == (not address.startswith("/static"))


def test_the_style_sheet_asks_for_nothing_from_elsewhere(client):
    sheet = client.get("/static/pages.css", buffered=True)
    assert sheet.status_code == 200
    assert sheet.content_type.startswith("text/css")
    for word in ("url(", "@import", "http"):
        assert word not in sheet.text


def test_the_served_process_gives_the_same_errors_and_headers(served):
    web = served("officer-a")
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("POST", "/flags", 405),
        ("GET", "/flags/selected?do=x", 400),
    ):
        answer = web.request(method, path)
        assert answer.status_code == status
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Demo – not an official government website" in answer.text
