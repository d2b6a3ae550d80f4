"""What an agent worker accepts from a service: bounded in time, size and tries, with every try recorded."""

import hashlib
import http.server
import json
import socket
import threading
import time

import pytest
from pydantic import BaseModel

from app.connections.deadline import Deadline
from workers.runtime.answer import OutOfReachError, ToolError, whole


class Rows(BaseModel):
    total: int
    names: list[str]


def test_a_good_answer_is_parsed_and_its_call_recorded(service, client, issued, secret):
    body = b'{"total": 1, "names": ["a"]}'
    service.respond(200, content=body)
    asked, calls = client()
    answer = asked.get("/rows", {"q": "1"})
    assert answer.parse(Rows) == Rows(total=1, names=["a"])
    (call,) = calls
    assert call.call_id == answer.call_id
    assert call.credential_id == issued.record.credential_id
    assert (call.operation, call.status, call.error) == ("GET /rows", 200, None)
    assert (call.answer_bytes, call.answer_digest) == (len(body), hashlib.sha256(body).hexdigest())
    ((path, headers),) = service.asked
    assert path == "/rows?q=1"
    assert headers["X-Api-Key"] == secret
    assert "Authorization" not in headers


def test_a_signed_token_travels_as_a_bearer_token_only(service, client, secret):
    service.respond(204)
    client(signed=True)[0].get("/rows", {})
    ((path, headers),) = service.asked
    assert headers["Authorization"] == f"Bearer {secret}"
    assert "X-Api-Key" not in headers
    assert secret not in path


def test_no_content_has_no_body_and_is_an_answer(service, client):
    service.respond(204)
    asked, calls = client()
    assert asked.get("/rows", {}).body is None
    assert [call.error for call in calls] == [None]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_once_more(service, client, status):
    service.respond(status, 200, content=b"[]")
    asked, calls = client()
    assert asked.get("/rows", {}).body == []
    assert len(service.asked) == 2
    assert [(call.status, call.error) for call in calls] == [(status, f"answered HTTP {status}"), (200, None)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, "answered HTTP 500"),
        (400, "answered HTTP 400"),
        (404, "answered HTTP 404"),
        (401, "refused the credential (HTTP 401)"),
        (403, "refused the credential (HTTP 403)"),
        (429, "over its daily quota or rate limit (HTTP 429)"),
        (201, "answered HTTP 201"),
        (302, "answered with a redirect (HTTP 302), which is not followed"),
        (307, "answered with a redirect (HTTP 307), which is not followed"),
    ],
)
def test_a_status_that_is_no_answer_is_named_and_only_server_errors_are_tried_again(
    service, client, status, reason
):
    service.respond(status, headers={"Location": f"{service.address}/elsewhere"})
    asked, calls = client()
    with pytest.raises(ToolError) as caught:
        asked.get("/rows", {})
    assert str(caught.value) == reason
    assert isinstance(caught.value, OutOfReachError) is (status in {401, 403, 429})
    assert [path for path, _ in service.asked] == ["/rows"] * (2 if status == 500 else 1)
    assert len(calls) == len(service.asked)
    assert {(call.status, call.error) for call in calls} == {(status, reason)}


@pytest.mark.parametrize(
    ("said", "repeated"),
    [
        ("2026-Nov-25 00:00:00+0000 UTC", "; access returns 2026-11-25 00:00 UTC (2026-11-24 19:00 EST)"),
        ("0001-Jan-01 00:00:00+0000 UTC", ""),
        ("tomorrow", ""),
        (["2026-Nov-25 00:00:00+0000 UTC"], ""),
    ],
)
def test_over_quota_the_time_access_returns_is_repeated_and_nothing_else(service, client, said, repeated):
    service.respond(429, content=json.dumps({"code": "900804", "nextAccessTime": said}).encode())
    with pytest.raises(ToolError) as caught:
        client()[0].get("/rows", {})
    assert str(caught.value) == "over its daily quota or rate limit (HTTP 429)" + repeated


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_over_quota_without_a_time_is_still_over_quota(service, client, body):
    service.respond(429, content=body)
    with pytest.raises(ToolError, match=r"^over its daily quota or rate limit \(HTTP 429\)$"):
        client()[0].get("/rows", {})


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        ("86400", True),
        ("61", True),
        ("60", False),
        ("", False),
        ("-9", False),
        ("x", False),
        ("9" * 5_000, False),
    ],
)
def test_a_cached_answer_is_refused(service, client, age, kept):
    service.respond(200, content=b"[]", headers={"Age": age})
    asked, calls = client()
    if kept:
        with pytest.raises(ToolError, match=f"kept in a cache for {age} s"):
            asked.get("/rows", {})
    else:
        asked.get("/rows", {})
    assert (calls[0].error is not None) is kept
    assert {headers["Cache-Control"] for _, headers in service.asked} == {"no-cache"}


def test_the_number_of_tries_is_a_setting(service, client):
    service.respond(503)
    with pytest.raises(ToolError):
        client(tool_tries=4)[0].get("/rows", {})
    assert len(service.asked) == 4


def test_all_calls_of_a_client_share_few_repeated_tries(service, client):
    """Each try counts against the service's daily quota."""
    service.respond(503)
    asking, calls = client(tool_tries=3)
    for _ in range(4):
        with pytest.raises(ToolError):
            asking.get("/rows", {})
    assert [len(service.asked), len(calls)] == [4 + 3, 4 + 3]


def test_a_service_that_is_away_is_asked_again_and_its_error_shows_no_credential(client, secret):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    asked, calls = client(base=f"http://127.0.0.1:{port}")
    with pytest.raises(ToolError) as caught:
        asked.get("/rows", {})
    reason = "no answer (connection refused)"
    assert str(caught.value) == reason
    assert [(call.status, call.error, call.answer_digest) for call in calls] == [(0, reason, None)] * 2
    assert secret not in repr(caught.value) + repr(calls)
    # Nothing that holds the request, and with it the credential, hangs on the error that goes on.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"total": 1',
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5_000,
        b'{"total": 1, "names": ["a\\u0000"]}',
        b'{"total": 1, "names": ["\\ud800"]}',
    ],
)
def test_garbage_of_any_kind_is_an_unreadable_answer(service, client, body):
    service.respond(200, content=body)
    asked, calls = client()
    with pytest.raises(ToolError, match="unreadable answer: "):
        asked.get("/rows", {})
    assert [call.status for call in calls] == [200]


def test_escapes_that_can_be_stored_are_read(service, client):
    service.respond(200, content=b'["\\u00e9 \\ud83d\\ude00"]')
    assert client()[0].get("/rows", {}).body == ["é 😀"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"total": 1}, "unreadable answer: names: Field required"),
        ({"total": "many", "names": []}, "unreadable answer: total: Input should be a valid integer"),
        ({"total": 1, "names": [{"x": 1}]}, "unreadable answer: names.0: Input should be a valid string"),
        ([], "unreadable answer: answer: Input should be"),
        (None, "unreadable answer: null"),
    ],
)
def test_an_answer_of_another_shape_is_refused_naming_the_field(service, client, body, reason):
    service.respond(200, content=json.dumps(body).encode())
    with pytest.raises(ToolError) as caught:
        client()[0].get("/rows", {}).parse(Rows)
    assert str(caught.value).startswith(reason)


def test_a_partial_page_is_no_clear_page():
    assert whole([1, 2], total=2) == [1, 2]
    with pytest.raises(ToolError, match="partial answer: 2 of 3 rows"):
        whole([1, 2], total=3)


def test_an_answer_that_is_too_large_is_given_up_at_the_limit(service, client):
    service.respond(200, content=b"x" * 10_000)
    asked, calls = client(tool_answer_limit=1_000)
    with pytest.raises(ToolError, match="answer larger than 1000 bytes"):
        asked.get("/rows", {})
    (call,) = calls
    assert (call.status, call.answer_bytes) == (200, 0)


def test_an_answer_that_holds_the_credential_is_used_without_it_and_not_kept(service, client, secret):
    service.respond(200, content=json.dumps([f"Bearer {secret}!"]).encode())
    asked, calls = client()
    assert asked.get("/rows", {}).body == ["Bearer (credential)!"]
    assert [call.answer for call in calls] == [None]


@pytest.fixture
def dripping():
    """A real server that sends a byte now and then and never ends; yields its address."""
    stop = threading.Event()

    class Drip(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            while not stop.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Drip) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        stop.set()
        server.shutdown()
        thread.join()


def test_the_deadline_holds_for_the_whole_answer_not_for_each_piece(dripping, client):
    asked, calls = client(base=dripping, tool_timeout=0.4)
    before = time.monotonic()
    with pytest.raises(ToolError, match=r"answer not complete within 0\.4 s"):
        asked.get("/", {})
    assert time.monotonic() - before < 5
    assert [call.status for call in calls] == [200]


def test_all_pages_of_a_tool_end_by_one_deadline(dripping, service, client):
    asked, calls = client(base=dripping, deadline=Deadline(0.3))
    with pytest.raises(ToolError, match=r"^answer not complete within 0\.3 s$"):
        asked.get("/", {})
    service.respond(200, content=b"[]")
    asked, calls = client(deadline=Deadline(0.3))

    def without_end():
        while True:
            asked.get("/rows", {})

    with pytest.raises(ToolError, match=r"within 0\.3 s$"):
        without_end()
    assert len(calls) > 1


def test_tries_end_by_the_deadline_too(service, client):
    service.respond(503)
    asked, calls = client(tool_tries=5, deadline=Deadline(0))
    with pytest.raises(ToolError, match=r"^not everything was answered within 0 s$"):
        asked.get("/rows", {})
    assert calls == service.asked == []
