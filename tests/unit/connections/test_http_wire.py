"""The HTTP wire ends every call by its deadline and within its limit, whatever a server does."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from contextlib import contextmanager, suppress

import pytest

from app.connections import bounded_network
from app.connections.deadline import Deadline
from app.connections.http_wire import (
    KeptConnectionError,
    LateError,
    OversizeError,
    UnsentError,
    Wire,
    WireError,
)
from app.connections.tls import Trust
from benchmarks.fault_proxy import TcpFaults

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT, LONG = 0.3, 20.0
LIMIT = 100_000


@contextmanager
def server(*scripts, at="127.0.0.1"):
    """A server that plays a script for each connection, the last one also for all that follow; yields its address.

    A script gets the connected socket and `wait`, which sleeps some seconds and says whether the test is over.
    """
    over = threading.Event()
    threads = []
    family = socket.AF_INET6 if ":" in at else socket.AF_INET
    listener = socket.create_server((at, 0), family=family)

    def play(script, connection):
        with connection, suppress(OSError):
            script(connection, over.wait)

    def serve():
        remaining = list(scripts)
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                script = remaining.pop(0) if len(remaining) > 1 else remaining[0]
                threads.append(threading.Thread(target=play, args=(script, connection)))
                threads[-1].start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield f"http://{f'[{at}]' if ':' in at else at}:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(10)
            assert not thread.is_alive()


def request_of(connection):
    """All headers of one request; empty at the end of the connection."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        text += piece
    return text


def answers(*pieces):
    """Send these after one request, and wait for the test's end."""

    def script(connection, wait):
        request_of(connection)
        for piece in pieces:
            connection.sendall(piece)
        wait(LONG)

    return script


def trickles(piece, then=b" "):
    def script(connection, wait):
        request_of(connection)
        connection.sendall(piece)
        while not wait(0.02):
            connection.sendall(then)

    return script


@pytest.fixture
def wire():
    made = Wire(Trust(ssl.create_default_context()), size=2)
    yield made
    made.close()


def get(wire, address, *, seconds=LONG, limit=LIMIT, **more):
    return wire.request("GET", f"{address}/x", deadline=Deadline(seconds), limit=limit, **more)


def never(_, wait):
    wait(LONG)


LATE = {
    "says nothing": (never, "no answer within 0.3 s"),
    "trickles headers": (trickles(b"HTTP/1.1 200 OK\r\nX: "), "no answer within 0.3 s"),
    "goes on with hints": (
        trickles(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "no answer within 0.3 s",
    ),
    "stops after headers": (
        answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        "answer not complete within 0.3 s",
    ),
    "trickles a body": (trickles(b"HTTP/1.1 200 OK\r\n\r\n"), "answer not complete within 0.3 s"),
    "trickles chunks": (
        trickles(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        "answer not complete within 0.3 s",
    ),
    "trickles zipped": (
        trickles(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"", mtime=0)[:1]),
        "answer not complete within 0.3 s|answer cannot be inflated",
    ),
}


@pytest.mark.parametrize("script", LATE.values(), ids=LATE)
def test_a_call_ends_at_its_deadline(wire, script):
    play, reason = script
    with server(play) as address:
        began = time.monotonic()
        with pytest.raises(WireError, match=f"^({reason})$"):
            get(wire, address, seconds=SHORT)
        assert time.monotonic() - began < LONG / 2


def test_a_server_that_reads_nothing_cannot_hold_a_call(wire):
    with server(never) as address, pytest.raises(LateError, match=r"^no answer within 0\.3 s$"):
        wire.request("POST", address, deadline=Deadline(SHORT), limit=LIMIT, body=b" " * 50_000_000)


def test_a_handshake_ends_at_the_deadline(wire):
    with server(trickles(b"")) as address, pytest.raises(LateError, match=r"^no answer within 0\.3 s$"):
        get(wire, address.replace("http:", "https:"), seconds=SHORT)


@pytest.fixture(scope="module")
def certified(self_signed, tmp_path_factory):
    """A certificate for this machine that signs itself, with its key."""
    file = tmp_path_factory.mktemp("certified") / "both.pem"
    file.write_bytes(b"".join(self_signed))
    return file


def test_tls_that_trickles_ends_at_the_deadline_too(certified):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified)

    def encrypted(connection, _):
        with context.wrap_socket(connection, server_side=True) as secure:
            while request_of(secure):
                secure.sendall(OK)

    trust = Trust(ssl.create_default_context(cafile=certified))
    with (
        server(encrypted) as address,
        TcpFaults(int(address.rpartition(":")[2])) as proxy,
        Wire(trust) as wire,
    ):
        to = f"https://127.0.0.1:{proxy.port}"
        assert get(wire, to).content == b"ok"
        proxy.inflict("trickle")
        for _ in range(2):  # an answer on the connection that is open, and the handshake of a new one
            with pytest.raises(LateError, match=r"^no answer within 0\.3 s$"):
                get(wire, to, seconds=SHORT)
        proxy.heal()
        assert get(wire, to).content == b"ok"


def test_a_name_that_is_not_found_in_time_holds_no_call_and_one_thread_at_most(wire, monkeypatch):
    go_on = threading.Event()
    true = socket.getaddrinfo

    def slow(host, *arguments, flags=0, **named):
        if not flags:
            go_on.wait(LONG)
        return true("127.0.0.1" if not flags else host, *arguments, flags=flags, **named)

    monkeypatch.setattr(bounded_network.socket, "getaddrinfo", slow)
    before = threading.active_count()
    with server(answers(OK)) as address:
        named = address.replace("127.0.0.1", "slow.example")
        for _ in range(5):
            with pytest.raises(LateError):
                get(wire, named, seconds=0.05)
        assert threading.active_count() <= before + 2  # the server's and that of the name
        go_on.set()
        assert get(wire, named).content == b"ok"


def test_an_answer_over_the_limit_is_given_up(wire):
    body = b" " * (LIMIT + 1)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with server(answers(head, body)) as address:
        with pytest.raises(OversizeError, match=f"^answer larger than {LIMIT} bytes$") as caught:
            get(wire, address)
        assert caught.value.status == 200
        assert len(get(wire, address, limit=LIMIT + 1).content) == LIMIT + 1


@pytest.mark.parametrize("times", [1_000, 3])
def test_an_answer_that_inflates_costs_no_more_memory_than_its_limit(wire, times):
    limit = 200_000
    packed = gzip.compress(b" " * (limit * times))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with server(answers(head, packed)) as address:
        tracemalloc.start()
        try:
            with pytest.raises(OversizeError):
                get(wire, address, limit=limit)
            assert tracemalloc.get_traced_memory()[1] < 5 * limit
        finally:
            tracemalloc.stop()


def zipped(content, coding=b"gzip"):
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        coding,
        len(content),
        content,
    )


def test_a_zipped_answer_is_read(wire):
    with server(answers(zipped(gzip.compress(b"words", mtime=0)))) as address:
        assert get(wire, address).content == b"words"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (zipped(gzip.compress(b"words", mtime=0)[:-4]), "answer cannot be inflated"),
        (zipped(gzip.compress(b"words", mtime=0) + b"more"), "answer cannot be inflated"),
        (zipped(b"words"), "answer cannot be inflated"),
        (zipped(b"words", b"br"), "answered in a content coding that was not asked for"),
        (
            zipped(gzip.compress(b"words", mtime=0), b"gzip, gzip"),
            "answered in a content coding that was not asked for",
        ),
        (b"<html>Sorry</html>\r\n\r\n", "no answer (what came is not HTTP)"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, "no answer (what came is not HTTP)"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "answer cut off"),
        (bytes(range(256)), "no answer (what came is not HTTP)"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            "no answer (what came is not HTTP)",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "no answer (what came is not HTTP)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", "no answer (what came is not HTTP)"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nok",
            "no answer (what came is not HTTP)",
        ),
        (b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\nok", "no answer (what came is not HTTP)"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\nok", "no answer (what came is not HTTP)"),
    ],
)
def test_an_unusable_answer_is_told_by_what_is_wrong_with_it(wire, sent, reason):
    with server(answers(sent)) as address, pytest.raises(WireError) as caught:
        get(wire, address)
    assert str(caught.value) == reason


def ends_after(*pieces):
    def script(connection, _):
        request_of(connection)
        for piece in pieces:
            connection.sendall(piece)

    return script


def test_an_answer_that_ends_too_early_is_cut_off(wire):
    with server(ends_after(OK[:-1])) as address, pytest.raises(WireError, match=r"^answer cut off$"):
        get(wire, address)


def test_a_connection_closed_without_an_answer_is_told_from_one_that_was_kept(wire):
    with server(ends_after()) as address, pytest.raises(WireError, match="it closed the connection") as first:
        get(wire, address)
    assert type(first.value) is WireError

    closed = threading.Event()

    def once(connection, _):
        request_of(connection)
        connection.sendall(OK)
        request_of(connection)
        closed.set()

    with server(once, answers(OK)) as address:
        assert get(wire, address).content == b"ok"
        with pytest.raises(KeptConnectionError, match="it closed the connection"):
            get(wire, address)
        assert closed.is_set()
        assert get(wire, address).content == b"ok"


def test_connections_are_used_again_unless_their_server_closed_them(wire):
    seen = []

    def counted(connection, _):
        seen.append(connection)
        while request_of(connection):
            connection.sendall(OK)

    with server(counted) as address:
        for _ in range(3):
            assert get(wire, address).status == 200
        assert len(seen) == 1
        wire.close()
        assert get(wire, address).status == 200
        assert len(seen) == 2
        wire.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK,
        OK.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
    ],
)
def test_what_may_stand_before_or_in_an_answer_is_read(wire, sent):
    with server(answers(sent)) as address:
        assert get(wire, address).content == b"ok"


def test_headers_and_body_arrive_together(wire):
    arrived = []

    def record(connection, wait):
        arrived.append(connection.recv(65_536))
        connection.sendall(OK)
        wait(LONG)

    with server(record) as address:
        wire.request("POST", f"{address}/x", deadline=Deadline(LONG), limit=LIMIT, body=b"{}")
    assert arrived[0].endswith(b"\r\n\r\n{}")


def test_a_large_body_arrives_whole(wire):
    size, arrived = 3_000_000, []

    def record(connection, wait):
        head = request_of(connection)
        rest = len(head.partition(b"\r\n\r\n")[2])
        while rest < size:
            rest += len(connection.recv(65_536))
        arrived.append(rest)
        connection.sendall(OK)
        wait(LONG)

    with server(record) as address:
        answer = wire.request("POST", f"{address}/x", deadline=Deadline(LONG), limit=LIMIT, body=b"x" * size)
    assert (answer.content, arrived) == (b"ok", [size])


def test_a_server_that_refuses_before_it_has_read_all_is_heard(wire):
    refused = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"

    def hasty(connection, wait):
        connection.recv(10)
        connection.sendall(refused)
        connection.shutdown(socket.SHUT_WR)
        wait(LONG)

    with server(hasty) as address:
        answer = wire.request("POST", f"{address}/x", deadline=Deadline(LONG), limit=LIMIT, body=b"x" * 1000)
    assert (answer.status, answer.content) == (413, b"no")


def test_a_redirect_is_an_answer_and_is_not_followed(wire):
    with (
        server(never) as elsewhere,
        server(
            answers(b"HTTP/1.1 307 X\r\nLocation: %b/\r\nContent-Length: 0\r\n\r\n" % elsewhere.encode())
        ) as to,
    ):
        assert get(wire, to, seconds=LONG).status == 307


def test_a_call_that_was_never_sent_says_why(wire):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(UnsentError, match=r"^no answer \(connection refused\)$"):
        get(wire, f"http://127.0.0.1:{port}")

    def plain_text(connection, wait):
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
        wait(LONG)

    with server(plain_text) as address:
        plain = address.replace("http:", "https:")
        with pytest.raises(UnsentError, match=r"^no answer \(it does not speak TLS\)$"):
            get(wire, plain)
    with pytest.raises(UnsentError, match=r"^no answer \(no such host\)$"):
        get(wire, f"http://{'x' * 70}.example")
    for address in ("ftp://127.0.0.1", "//127.0.0.1"):
        with pytest.raises(UnsentError, match=r"^no answer \(its address is none of HTTP\)$"):
            get(wire, address)
    for address in ("http://127.0.0.1:99999", "http://127.0.0.1:x", "http://["):
        with pytest.raises(ValueError, match=r"[Pp]ort|Invalid IPv6"):
            get(wire, address)


def test_what_is_sent_is_what_was_asked_and_an_error_holds_none_of_it(wire, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    sent = []

    def record(connection, wait):
        sent.append(request_of(connection))
        connection.sendall(OK)
        wait(LONG)

    with server(record) as address:
        wire.request(
            "POST",
            f"{address}/a b/ü?x=1",
            deadline=Deadline(LONG),
            limit=LIMIT,
            headers={"X-Api-Key": "canary"},
            params={"q": "a&b"},
            body=b"{}",
        )
    head = sent[0].decode().lower()
    assert head.startswith("post /a%20b/%c3%bc?x=1&q=a%26b http/1.1\r\n")
    assert f"host: {address.removeprefix('http://')}\r\n" in head
    assert "x-api-key: canary\r\n" in head
    assert "content-length: 2\r\n" in head
    with pytest.raises(WireError) as caught:
        get(wire, address, headers={"X-Api-Key": "canary\n"})
    assert "canary" not in str(caught.value)


def test_an_address_of_ipv6_is_reached_by_its_name(wire):
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    heads = []

    def record(connection, wait):
        heads.append(request_of(connection))
        connection.sendall(OK)
        wait(LONG)

    with server(record, at="::1") as address:
        assert get(wire, address).status == 200
    assert f"Host: {address.removeprefix('http://')}\r\n".encode() in heads[0]


def test_the_earlier_of_two_deadlines_counts():
    task = Deadline(SHORT)
    assert task.within(LONG) is task
    assert task.within(0).over
    assert not task.over
    assert 0 < task.left <= SHORT
    assert Deadline(-1).left == 0
