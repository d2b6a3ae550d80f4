"""Whatever answers at the broker's address, and however slowly: it is told in one line, within the time for an answer."""

import socket
import time
from contextlib import suppress
from threading import Thread

import pytest
import redis

from app.connections import broker_connection
from app.connections.broker_connection import PlainConnection
from app.connections.tls import trust_of
from app.credentials.settings import AgentSettings
from workers.runtime import broker
from workers.runtime.broker import BrokerUnavailableError
from workers.runtime.celery_app import make

HELLO = (
    b"%%4\r\n$6\r\nserver\r\n$6\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n8.1.0\r\n"
    b"$5\r\nproto\r\n:3\r\n$4\r\nrole\r\n$%d\r\n%s\r\n"
)
#: By what is at the port: its answer to HELLO, and the words about it.
STRANGE = {
    "a replica": (HELLO % (7, b"replica"), "a read-only replica: REDIS_URL must name the primary"),
    "loading": (b"-LOADING Redis is loading the dataset in memory\r\n", "is starting, and loads its data"),
    "no primary": (b"-MASTERDOWN Link with MASTER is down\r\n", "a replica that has lost its primary"),
    "cluster down": (b"-CLUSTERDOWN The cluster is down\r\n", "a cluster"),
    "moved": (b"-MOVED 3999 127.0.0.1:6381\r\n", "a cluster"),
    "moved nowhere": (b"-MOVED\r\n", "does not answer as a broker does"),
    "no password": (b"-NOAUTH Authentication required.\r\n", "asks for a password: REDIS_PASSWORD_FILE"),
    "wrong password": (b"-WRONGPASS invalid username-password pair\r\n", "refuses the user of REDIS_URL"),
    "no right": (b"-NOPERM User worker has no permissions to run it\r\n", "refuses what the user"),
    "out of memory": (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "memory is full"),
    "no disk": (b"-MISCONF Valkey is configured to save RDB snapshots\r\n", "cannot write its data to disk"),
    "no replicas": (b"-NOREPLICAS Not enough good replicas to write.\r\n", "too few replicas"),
    "busy": (b"-BUSY Valkey is busy running a script.\r\n", "a script keeps it busy"),
    "full": (b"-ERR max number of clients reached\r\n", "max number of clients reached"),
    "echoing": (b"-ERR sorry, with args beginning with: 'canary'\r\n", "it refuses: sorry, with args"),
    "a page": (b"HTTP/1.1 400 Bad Request\r\n\r\n<html>canary</html>", "does not answer as a broker does"),
    "garbage": (bytes(range(128, 256)) * 8 + b"\r\n", "does not answer as a broker does"),
    "no number": (b"$canary\r\n", "does not answer as a broker does"),
    "a negative size": (b"*-7\r\n", "does not answer as a broker does"),
    "another shape": (b":1\r\n", "does not answer as a broker does"),
    "half a map": (b"*1\r\n$6\r\nserver\r\n", "does not answer as a broker does"),
    "no version": (
        b"%2\r\n$5\r\nproto\r\n:3\r\n$4\r\nrole\r\n$6\r\nmaster\r\n",
        "does not answer as a broker does",
    ),
    "too deep": (b"*1\r\n" * 20_000, "does not answer as a broker does"),
    "too large": (b"$99999999\r\n" + b"x" * 300_000, "its answer is larger than 100000 bytes"),
    "silence": (b"", "does not answer (timed out)"),
    "half an answer": ((HELLO % (6, b"master"))[:30], "does not answer (timed out)"),
}


class Odd:
    """A server that answers everything it is asked with the same, PING apart; `pace` seconds between two bytes."""

    def __init__(self, answer, pace=0.0) -> None:
        self.answer, self.pace = answer, pace
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def close(self):
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with suppress(OSError):
            while asked := client.recv(65_536):
                if b"SETINFO" in asked:
                    client.sendall(b"+OK\r\n" * asked.count(b"SETINFO"))
                elif b"PING" in asked:
                    client.sendall(b"+PONG\r\n")
                elif self.pace:
                    for byte in self.answer:
                        client.sendall(bytes([byte]))
                        time.sleep(self.pace)
                else:
                    client.sendall(self.answer)


@pytest.fixture
def odd():
    made = []

    def serve(answer, pace=0.0):
        made.append(Odd(answer, pace))
        return made[-1].port

    yield serve
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(broker_connection, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(broker_connection, "LARGEST_ANSWER", 100_000)


def looked_at(port):
    settings = AgentSettings(redis_url=f"redis://127.0.0.1:{port}/0")
    with make(settings).connection_for_write() as connection:
        broker.check(connection, trust_of(settings))


@pytest.mark.parametrize("case", STRANGE)
def test_what_is_no_broker_that_takes_messages_is_described_in_one_line(case, odd):
    answer, words = STRANGE[case]
    with pytest.raises(BrokerUnavailableError) as caught:
        looked_at(odd(answer))
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "canary" not in str(caught.value)


def test_a_primary_is_in_order(odd):
    looked_at(odd(HELLO % (6, b"master")))


def test_an_answer_that_trickles_ends_at_its_deadline(odd):
    connection = PlainConnection(port=odd(HELLO % (6, b"master"), pace=0.1), socket_timeout=5)
    began = time.monotonic()
    with pytest.raises(redis.TimeoutError):
        connection.connect()
    assert time.monotonic() - began < 4
    assert not connection.is_connected


def test_what_redis_py_repeats_of_several_commands_is_not_repeated():
    several = "Command # 2 (HSET unacked tag canary) of pipeline caused error: "
    trust = trust_of(AgentSettings())
    for error, words in (
        (redis.ResponseError(f"{several}NOREPLICAS Not enough good replicas to write."), "too few replicas"),
        (redis.ResponseError(f"{several}wrong type of value"), "it refuses: wrong type of value"),
        (redis.OutOfMemoryError(f"{several}command not allowed", status_code="OOM"), "memory is full"),
    ):
        assert words in broker.reason(error, trust)
        assert "canary" not in broker.reason(error, trust)
