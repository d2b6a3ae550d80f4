"""The proxies that the fault matrix and the campaign rely on do what they say."""

import gzip
import socket
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from benchmarks.fault_proxy import TcpFaults
from benchmarks.http_faults import HttpFaults
from benchmarks.wrong_answers import ANSWERS, INFLATED, LARGE

CONTENT = b'{"data": "' + b"x" * 1_000 + b'"}'
LIMIT = httpx.Timeout(0.5)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_port
        made.shutdown()


@pytest.fixture
def proxy(server):
    with HttpFaults(server, seed=1) as made:
        yield made


@pytest.fixture
def client(proxy):
    with httpx.Client(base_url=proxy.address, trust_env=False, timeout=LIMIT) as made:
        yield made


def outcome(client):
    """The status of an answer, or the kind of failure."""
    try:
        answer = client.get("/v1/things")
    except httpx.HTTPError as error:
        return type(error)
    return answer.status_code


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("refuse", httpx.ConnectError),
        ("reset", httpx.ReadError),
        ("hang", httpx.ReadTimeout),
        ("hang after headers", httpx.ReadTimeout),
        ("truncate", httpx.RemoteProtocolError),
        ("lost", httpx.RemoteProtocolError),
        ("tls", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
        *((name, int(name[:3])) for name in ANSWERS if name[:3].isdigit()),
        ("html", 200),
        ("no content", 204),
        ("date", 200),
    ],
)
def test_a_fault_lasts_until_it_is_healed(proxy, client, fault, expected):
    assert outcome(client) == 200
    proxy.inflict(fault)
    assert outcome(client) == expected
    proxy.heal()
    assert client.get("/v1/things").content == CONTENT
    assert proxy.met.total() == (0 if fault == "refuse" else 1)


@pytest.mark.parametrize("fault", ["trickle headers", "trickle body"])
def test_no_pause_of_a_peer_that_trickles_is_long(proxy, fault):
    """So a limit on each read never ends it."""
    proxy.inflict(fault)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=LIMIT.read) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for _ in range(20):
            assert connection.recv(100)


def test_sizes(proxy, client):
    proxy.inflict("too large")
    assert len(client.get("/").content) > LARGE
    proxy.inflict("bomb")
    with client.stream("GET", "/") as answer:
        sent = b"".join(answer.iter_raw())
    assert INFLATED / len(sent) > 900
    assert len(gzip.decompress(sent)) > INFLATED


def test_a_date_is_shifted_and_the_answer_kept(proxy, client):
    before = parsedate_to_datetime(client.get("/").headers["Date"])
    proxy.inflict("date", ahead=180)
    answer = client.get("/")
    assert answer.content == CONTENT
    assert 180 <= (parsedate_to_datetime(answer.headers["Date"]) - before).total_seconds() < 240


def test_a_share_of_requests_and_some_paths_only(proxy, client):
    proxy.inflict("500", share=0.3)
    assert 20 < sum(outcome(client) == 500 for _ in range(200)) < 110
    proxy.inflict("500", only="/v2/")
    assert outcome(client) == 200
    assert client.get("/v2/things").status_code == 500
    assert proxy.paths["/v2/things"] == 1


@pytest.fixture
def echo():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection:
                while chunk := connection.recv(100):
                    connection.sendall(chunk)

        def accept() -> None:
            try:
                while True:
                    Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            except OSError:
                return

        Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(echo):
    with TcpFaults(echo) as made:
        yield made


@pytest.fixture
def open_to(relay):
    made = []

    def connect() -> socket.socket:
        made.append(socket.create_connection(("127.0.0.1", relay.port), timeout=0.3))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def test_bytes_that_hang_or_trickle_come_after_the_fault(relay, open_to):
    for fault in ("hang", "trickle"):
        connection = open_to()
        relay.inflict(fault)
        connection.sendall(b"0123456789")
        if fault == "hang":
            with pytest.raises(TimeoutError):
                connection.recv(1)
        else:
            assert connection.recv(10) == b"0"
        relay.heal()
        received = b""
        while not received.endswith(b"9"):
            received += connection.recv(10)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("truncate", b"01234"), ("html", b"HTTP/1.1 200 OK"), ("garbage", b"\x00\x01")],
)
def test_bytes_that_are_cut_or_replaced(relay, open_to, fault, said):
    connection = open_to()
    relay.inflict(fault)
    connection.sendall(b"0123456789")
    received = b""
    while chunk := connection.recv(10_000):
        received += chunk
    assert received.startswith(said)
    relay.heal()
    connection = open_to()
    connection.sendall(b"again")
    assert connection.recv(10) == b"again"


def test_a_listener_that_refuses_cuts_what_is_open_and_listens_again_at_its_port(relay, open_to):
    connection, port = open_to(), relay.port
    connection.sendall(b"0")
    assert connection.recv(1) == b"0"
    relay.inflict("refuse")
    assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        open_to()
    relay.heal()
    assert relay.port == port
    open_to()


def test_an_unknown_fault_is_refused(relay):
    with pytest.raises(ValueError, match="none of"):
        relay.inflict("404")
