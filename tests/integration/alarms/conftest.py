"""A database with alarms, and receivers of them: a web server and a mail server that keep what they get."""

import json
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.connections.database import connect
from app.connections.tls import trust_of
from app.credentials.deliveries import Deliveries
from workers.runtime.alarm_delivery import Delivery
from workers.runtime.alarm_mail import mail_channels
from workers.runtime.alarm_webhook import webhook_channels


@pytest.fixture(scope="module")
def system(pages_alone) -> Any:
    return pages_alone


@pytest.fixture(scope="module")
def engine(system):
    made = connect(system.settings("sweeper"), pool_size=3)
    yield made
    made.dispose()


class Outbox:
    """The queue of alarms to be sent, and senders of it."""

    def __init__(self, system: Any, engine: Any, key_file: Path) -> None:
        self.system = system
        self.engine = engine
        self._key_file = key_file

    def raise_alarm(self, kind: str, detail: str = "x") -> bool:
        """Raise an alarm as the sweeper does: whether it is new."""
        with self.engine.begin() as db:
            statement = "SELECT alarm_once(%s, %s, NULL, NULL)"
            return bool(db.exec_driver_sql(statement, (kind, detail)).scalar_one())

    def senders(self, **wanted: Any) -> list[Delivery]:
        """Those of these settings, all registered."""
        if "alarm_webhook_url" in wanted:
            wanted = {"alarm_webhook_secret_file": self._key_file, **wanted}
        settings = self.system.settings("sweeper", **wanted)
        trust = trust_of(settings)
        channels = [*webhook_channels(settings, trust), *mail_channels(settings, trust)]
        deliveries = Deliveries(self.engine, [channel.name for channel in channels])
        deliveries.register()
        return [Delivery(channel, deliveries) for channel in channels]

    def ids(self) -> set[str]:
        return {str(row["alarm_id"]) for row in self.system.rows("SELECT alarm_id FROM alarm")}

    def unsent(self) -> list[dict[str, Any]]:
        return self.system.rows("SELECT channel, tries, problem FROM alarm_delivery WHERE sent_at IS NULL")

    def be_due(self) -> None:
        """The pause before the next try is over."""
        self.system.execute("UPDATE alarm_delivery SET next_try_at = now() WHERE sent_at IS NULL")

    def clear(self) -> None:
        """Remove all alarms and channels."""
        Deliveries(self.engine, []).register()
        for table in ("alarm_delivery", "alarm_event", "alarm"):
            self.system.execute(f"DELETE FROM {table}")  # noqa: S608  # names of this list


@pytest.fixture
def outbox(system, engine, key_file) -> Iterator[Outbox]:
    """Each test begins and ends without alarms and channels."""
    made = Outbox(system, engine, key_file)
    made.clear()
    yield made
    made.clear()


class WebReceiver:
    """Keeps headers and body of each request; `answer` is what it sends, in bytes as they are."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[tuple[dict[str, str], dict[str, Any], bytes]] = []
        self.answer: Callable[[dict[str, Any]], bytes] = lambda _: b"HTTP/1.1 204 No Content\r\n\r\n"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fields = json.loads(body)["data"]
                named = {name.lower(): value for name, value in self.headers.items()}
                outer.got.append((named, fields, body))
                self.wfile.write(outer.answer(fields))
                self.close_connection = True

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/alarms"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _, _ in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class MailReceiver:
    """A mail server on 127.0.0.1. `says` replaces its answer to a command, by its first word in lower case."""

    def __init__(self, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.got = list[EmailMessage]()
        self.says: dict[str, bytes] = {}
        self.words: list[str] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                outer._talk(self, context)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _talk(self, peer: Any, context: ssl.SSLContext | None) -> None:
        usual = {
            "helo": b"250 ok",
            "mail": b"250 ok",
            "rcpt": b"250 ok",
            "data": b"354 go",
            "quit": b"221 bye",
        }
        usual["ehlo"] = b"250-here\r\n250-AUTH PLAIN\r\n250 " + (b"STARTTLS" if context else b"8BITMIME")
        usual["starttls"], usual["auth"] = b"220 go", b"235 ok"
        reader, send = peer.rfile, peer.request.sendall
        with suppress(OSError, IndexError), ExitStack() as opened:
            send(self.says.get("greeting", b"220 here") + b"\r\n")
            while line := reader.readline():
                word = line.split()[0].decode().lower()
                self.words.append(word)
                send(self.says.get(word, usual.get(word, b"500 what")) + b"\r\n")
                if word == "starttls" and context:
                    wrapped = opened.enter_context(context.wrap_socket(peer.request, server_side=True))
                    reader, send = wrapped.makefile("rb"), wrapped.sendall
                    usual["ehlo"] = b"250-here\r\n250 AUTH PLAIN"
                if word == "data" and "data" not in self.says:
                    body = b"".join(iter(reader.readline, b".\r\n"))
                    self.got.append(message_from_bytes(body, policy=default))
                    send(self.says.get("end", b"250 taken") + b"\r\n")
                if word == "quit":
                    return

    @property
    def ids(self) -> list[str]:
        return [message["Message-ID"].removeprefix("<alarm-").partition("@")[0] for message in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Any]]:
    """Starts a receiver that ends with the test: `receivers(WebReceiver)`."""
    with ExitStack() as opened:

        def start(kind: Any, *arguments: Any) -> Any:
            made = kind(*arguments)
            opened.callback(made.close)
            return made

        yield start


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "webhook-key"
    path.write_text("whsec_" + "c2VjcmV0" * 6)
    path.chmod(0o600)
    return path


@pytest.fixture
def mail_to() -> Callable[..., dict[str, Any]]:
    """The settings that send alarms to a mail server on this port, with changes."""

    def made(port: int, **changed: Any) -> dict[str, Any]:
        return {
            "alarm_mail_server": f"smtp://127.0.0.1:{port}",
            "alarm_mail_from": "triage@agency.example",
            "alarm_mail_to": "soc@agency.example",
            **changed,
        }

    return made


@pytest.fixture
def web_receiver(receivers) -> WebReceiver:
    return receivers(WebReceiver)


@pytest.fixture
def mail_receiver(receivers) -> MailReceiver:
    return receivers(MailReceiver)
