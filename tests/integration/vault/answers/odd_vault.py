"""A server that answers as a vault does, but for one path, and the odd answers it may give there."""

import gzip
import json
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

from app.credentials.approle import DESTROY_PATH, LOGIN_PATH, MINT_PATH
from app.credentials.grants import ApiKey, DatabaseUser, SignedToken

RUN_ID = uuid4()
GRANTS = {
    "api key": ApiKey("contracts", scope="read"),
    "signed token": SignedToken("sam-gov", scope="read"),
    "database user": DatabaseUser("ledger-reader", scope="read"),
}
LOOK_UP, LEASE = "auth/token/lookup-accessor", "sys/leases/lookup"
UNWRAP, WRAPPING = "sys/wrapping/unwrap", "sys/wrapping/lookup"


def envelope(**fields: Any) -> dict[str, Any]:
    return {
        "request_id": str(UUID(int=1)),
        "lease_id": "",
        "lease_duration": 0,
        "data": None,
        "auth": None,
        "wrap_info": None,
        **fields,
    }


def auth(**fields: Any) -> dict[str, Any]:
    return envelope(
        auth={
            "client_token": "s.token",
            "accessor": "accessor",
            "entity_id": "entity",
            "token_policies": ["default", "triage-run"],
            "lease_duration": 900,
            "metadata": {"run_id": str(RUN_ID), "attempt": "1"},
            **fields,
        }
    )


#: By path, what a vault answers when all is well.
GOOD: dict[str, dict[str, Any] | None] = {
    LOGIN_PATH: auth(),
    MINT_PATH: envelope(
        request_id="", wrap_info={"token": "s.wrapping", "accessor": "a", "wrapped_accessor": "w"}
    ),
    WRAPPING: envelope(data={"creation_path": MINT_PATH}),
    UNWRAP: envelope(data={"secret_id": "secret"}),
    GRANTS["api key"].path: auth(),
    GRANTS["signed token"].path: envelope(data={"token": "e.y.J", "ttl": 120}),
    GRANTS["database user"].path: envelope(
        lease_id="database/creds/x", lease_duration=900, data={"username": "v-user", "password": "secret"}
    ),
    "auth/token/revoke-self": None,
    "auth/token/revoke-accessor": None,
    "sys/leases/revoke": None,
    DESTROY_PATH: None,
    LOOK_UP: envelope(data={"accessor": "accessor", "meta": {"run_id": str(RUN_ID)}}),
    LEASE: envelope(data={"id": "lease"}),
}


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: many clients here hang up early."""


class OddVault:
    """Answers as a vault does, but for one path."""

    def __init__(self) -> None:
        self.odd_path = ""
        self.odd: Callable[[Any], None] = lambda _: None
        self.asked: list[str] = []
        odd_vault = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.removeprefix("/v1/")
                odd_vault.asked.append(path)
                if path == odd_vault.odd_path:
                    odd_vault.odd(self)
                else:
                    answer = GOOD[path]
                    reply(*((200, json.dumps(answer)) if answer else (204, "")))(self)

            do_GET = do_LIST = do_DELETE = do_POST  # noqa: N815  # names of http.server

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def reply(status: int, body: str | bytes = b"", **headers: str) -> Callable[[Any], None]:
    """Answers with this, as text of this type."""
    content = body.encode() if isinstance(body, str) else body

    def answered(handler: Any) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answered


def errors(*texts: object) -> str:
    return json.dumps({"errors": list(texts)})


def cut_off(handler: Any) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"request_id": "')
    handler.close_connection = True


def no_http(handler: Any) -> None:
    handler.wfile.write(b"-ERR unknown command 'POST'\r\n")
    handler.close_connection = True


def no_answer(handler: Any) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def trickle(start: bytes, part: bytes) -> Callable[[Any], None]:
    def answered(handler: Any) -> None:
        handler.close_connection = True
        try:
            handler.wfile.write(start)
            # Far beyond each deadline; the client hangs up before.
            for _ in range(400):
                handler.wfile.write(part)
                time.sleep(0.05)
        except OSError:
            return

    return answered


HTML = "<html><body>We are being serviced.</body></html>"
ENVELOPE = json.dumps(envelope())
ODD = {
    "a page": reply(200, HTML, Content_Type="text/html"),
    "nothing": reply(200),
    "an empty object": reply(200, "{}"),
    "another object": reply(200, '{"status": "ok", "data": {}}'),
    "errors with 200": reply(200, errors("permission denied")),
    "a list": reply(200, "[]"),
    "null": reply(200, "null"),
    "a number": reply(200, "1" * 5000),
    "a nest": reply(200, "[" * 100_000),
    "other letters": reply(200, b'{"request_id": "\xff"}'),
    "fields of other types": reply(200, json.dumps(dict.fromkeys(envelope(), 7))),
    "too much": reply(200, ENVELOPE + " " * 1_000_001),
    "a bomb": reply(200, gzip.compress(b" " * 20_000_000), Content_Encoding="gzip"),
    "an unknown coding": reply(200, ENVELOPE, Content_Encoding="br"),
    "a cut": cut_off,
    "no HTTP": no_http,
    "no answer": no_answer,
    "created": reply(201, ENVELOPE),
    "partial": reply(206, ENVELOPE),
    **{f"redirect {status}": reply(status, Location="/elsewhere") for status in (301, 302, 303, 307, 308)},
    "a page with 400": reply(400, HTML),
    "400 without errors": reply(400, '{"message": "bad request"}'),
    "400 with errors of other types": reply(400, errors(1, None)),
    "401": reply(401, errors("permission denied")),
    "a firewall's page": reply(403, HTML),
    "a firewall's JSON": reply(403, '{"error": "permission denied"}'),
    "an ingress": reply(404, "default backend - 404"),
    "an ingress's JSON": reply(404, '{"message": "no Route matched"}'),
    "no mount": reply(404, errors('no handler for route "x". route entry not found.')),
    "wrong method": reply(405, errors("1 error occurred:\n\t* unsupported operation\n\n")),
    "too many requests": reply(429, errors('request path "x": rate limit quota exceeded')),
    "a gateway's 429": reply(429, HTML),
    "no standby": reply(472, "{}"),
    "no audit device": reply(500, errors("1 error occurred:\n\t* internal error\n\n")),
    "500 without errors": reply(500, ""),
    "standby": reply(500, errors("local node not active but active cluster node not found")),
    "bad gateway": reply(502, HTML),
    "sealed": reply(503, errors("Vault is sealed")),
}
#: With 204 an order is carried out, but a question is not answered.
UNANSWERED = {**ODD, "no content": reply(204)}
#: Only for questions: an envelope without what was asked.
EMPTY = {**UNANSWERED, "an empty envelope": reply(200, ENVELOPE)}

SLOW = {
    "before its headers": trickle(b"", b""),
    "in its headers": trickle(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
    "in its body": trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{", b" "),
}
