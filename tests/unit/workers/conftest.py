"""A credential with a secret that can be searched for, a client that has it, and a service to ask."""

import http.server
import threading
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from app.credentials.grants import ApiKey, SignedToken
from app.credentials.lineage import CredentialKind, IssuedCredential
from app.credentials.settings import AgentSettings
from workers.runtime.http_client import HttpClient, pool
from workers.runtime.run_session import Issued
from workers.runtime.secret import Secret

SECRET = "s.canary-4f1c9a7e"
LOCAL = timezone(timedelta(hours=-5), "EST")


class Service(http.server.ThreadingHTTPServer):
    """A real service that answers as it is told. `asked` holds the path and the headers of each request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.forget()

    def forget(self):
        self.asked, self._answers = [], [(200, b"", {})]

    def respond(self, *statuses, content=b"", headers=None):
        """Answer with one status after the other; the last stays."""
        self._answers = [(status, content, headers or {}) for status in statuses]

    def next_answer(self):
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        self.server.asked.append((self.path, self.headers))
        status, content, headers = self.server.next_answer()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def running_service():
    with Service() as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def service(running_service):
    running_service.forget()
    return running_service


@pytest.fixture
def secret():
    return SECRET


@pytest.fixture
def issued():
    now = datetime.now(UTC)
    record = IssuedCredential(
        credential_id=uuid4(),
        tool="contracts",
        kind=CredentialKind.API_KEY,
        vault_path="auth/token/create/contracts",
        policy="triage-run",
        scope="contracts:read",
        request_id="request-1",
        fingerprint=Secret(SECRET).fingerprint(),
        issued_at=now,
        expires_at=now + timedelta(minutes=15),
    )
    return Issued(Secret(SECRET), record)


@pytest.fixture
def connections():
    with pool(AgentSettings(), size=2) as shared:
        yield shared


@pytest.fixture
def client(connections, issued, service, monkeypatch):
    """Makes a client and the list its calls are recorded in; retries come without a pause."""
    monkeypatch.setattr("workers.runtime.http_client.random.uniform", lambda *_: 0)

    def make(*, base=service.address, signed=False, deadline=None, **changed):
        calls = []
        grant = SignedToken(role="r", scope="s") if signed else ApiKey(role="r", scope="s")
        made = HttpClient(
            connections,
            base,
            AgentSettings(**changed),
            grant=grant,
            issued=issued,
            calls=calls,
            deadline=deadline,
            local_time=lambda moment: moment.astimezone(LOCAL),
        )
        return made, calls

    return make
