"""A proxy in front of an HTTP server that answers wrongly, slowly, or not at all on request.

with HttpFaults(port) as proxy:  # proxy.address in place of the server's
    proxy.inflict("trickle headers", share=0.2, only="/v1/auth/")
    proxy.heal()
"""

import http.client
import socket
import struct
from collections import Counter
from http.server import BaseHTTPRequestHandler
from typing import Any

from benchmarks.fault_proxy import PAUSE, Fault, FaultProxy
from benchmarks.wrong_answers import ANSWERS, ENDLESS_BODY, ENDLESS_HEADERS, TLS_ALERT, bomb, message, shifted

_OF_ONE_HOP = {"Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length"}


class HttpFaults(FaultProxy):
    """Passes requests on; each is answered wrongly that meets the fault. `paths` counts all, passed on or not."""

    names = (
        "refuse",
        "reset",
        "hang",
        "hang after headers",
        "trickle headers",
        "trickle body",
        "truncate",
        "lost",
        "tls",
        "date",
        "bomb",
        *ANSWERS,
    )

    def __init__(self, target: int, *, at: int = 0, seed: int = 0) -> None:
        self.paths: Counter[str] = Counter()
        super().__init__(target, at=at, seed=seed)

    def inflict(self, name: str, *, share: float = 1.0, only: str = "", ahead: float = 0.0) -> None:
        if name == "bomb":
            bomb()  # takes a second, once
        super().inflict(name, share=share, only=only, ahead=ahead)

    def _serve(self, client: socket.socket) -> None:
        _Handler(client, client.getpeername(), self)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.paths[self.path] += 1
        fault = self.server.fault_for(self.server.chance(), self.path)
        if fault is None or fault.name == "date":
            self.wfile.write(self._upstream(body))
            return
        self.close_connection = fault.name not in ANSWERS or fault.name == "garbage"
        if fault.name in ANSWERS:
            self.wfile.write(ANSWERS[fault.name])
        elif fault.name == "bomb":
            self.wfile.write(bomb())
        elif fault.name == "lost":
            self._upstream(body)
        elif fault.name == "tls":
            self.wfile.write(TLS_ALERT)
        elif fault.name == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self._incomplete(fault, body)

    do_POST = do_PUT = do_DELETE = do_LIST = do_HEAD = do_PATCH = do_GET  # noqa: N815  # names of http.server

    def _incomplete(self, fault: Fault, body: bytes) -> None:
        """Part of an answer, and no more until the fault is over."""
        if fault.name == "truncate":
            answer = self._upstream(body)
            self.wfile.write(answer[: (answer.index(b"\r\n\r\n") + 4 + len(answer)) // 2])
            return
        if fault.name == "hang after headers":
            head, _, _ = self._upstream(body).partition(b"\r\n\r\n")
            self.wfile.write(head + b"\r\n\r\n")
        elif fault.name.startswith("trickle"):
            self.wfile.write(ENDLESS_BODY if fault.name == "trickle body" else ENDLESS_HEADERS)
            while not fault.over.wait(PAUSE):
                self.wfile.write(b" " if fault.name == "trickle body" else b"x")
        fault.over.wait()

    def _upstream(self, body: bytes) -> bytes:
        """The server's own answer, its Date shifted; raises OSError if there is none."""
        server = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=60)
        try:
            server.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = server.getresponse()
            content = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name not in _OF_ONE_HOP]
            if self.server.ahead:
                kept = [(n, shifted(v, self.server.ahead) if n == "Date" else v) for n, v in kept]
            is_head = self.command == "HEAD"
            return message(answer.status, content, headers=kept, length=not is_head)
        except http.client.HTTPException as error:
            raise ConnectionAbortedError from error
        finally:
            server.close()

    def log_message(self, *_: object) -> None:
        pass
