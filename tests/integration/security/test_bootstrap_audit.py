"""No vault is prepared that does not log."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from infra.local import vault_server
from infra.local.options import Part, StackOptions
from infra.local.stack import LocalStack
from infra.vault.bootstrap import BootstrapError, LedgerAdmin, bootstrap


class RecordingVault(BaseHTTPRequestHandler):
    """Not a vault: says it has no audit device, and takes or refuses one. Stands in for HashiCorp Vault here."""

    def do_GET(self) -> None:
        self._answer(200, {"data": {}})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.seen.append((self.path, json.loads(self.rfile.read(length))))
        # What comes after the audit device is refused, which ends the bootstrap there.
        status = 204 if self.server.takes_devices and self.path == "/v1/sys/audit/file" else 400
        self._answer(status, {"errors": ["refused here"]})

    def do_PUT(self) -> None:
        self.do_POST()

    def _answer(self, status, body):
        self.send_response(status)
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(params=[True, False], ids=["takes devices", "takes none"])
def recording(request):
    server = HTTPServer(("127.0.0.1", 0), RecordingVault)
    server.seen, server.takes_devices = [], request.param
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_audit_device_is_asked_for_first_and_nothing_is_done_without_one(recording, tmp_path):
    """As far as HashiCorp Vault can be shown without its server: one request, and what a refusal leads to."""
    ledger = LedgerAdmin(host="127.0.0.1", port=1, database="ledger", username="x", password="y")
    with pytest.raises(
        Exception, match="no audit device" if not recording.takes_devices else "refused here"
    ) as end:
        bootstrap(
            address=f"http://127.0.0.1:{recording.server_port}",
            token="root",
            ledger=ledger,
            secrets=tmp_path,
            audit_log=tmp_path / "audit.log",
        )
    assert isinstance(end.value, BootstrapError) != recording.takes_devices
    path, body = recording.seen[0]
    options = {"file_path": str(tmp_path / "audit.log"), "hmac_accessor": "false"}
    assert (path, body) == ("/v1/sys/audit/file", {"type": "file", "options": options})
    assert len(recording.seen) == (2 if recording.takes_devices else 1)
    assert not list(tmp_path.iterdir())


def test_a_real_vault_without_an_audit_device_is_refused(tmp_path, monkeypatch):
    """OpenBao takes no device over its API, so one that was started without is of no use."""
    monkeypatch.setattr(vault_server, "_AUDIT", "")
    options = StackOptions(parts=frozenset({Part.VAULT}), usual_ports=False)
    with LocalStack(tmp_path / "home", options=options) as stack:
        ledger = LedgerAdmin(host="127.0.0.1", port=1, database="ledger", username="x", password="y")
        token = stack.build.root_token
        with pytest.raises(BootstrapError, match="no audit device: add an audit stanza"):
            bootstrap(
                address=stack.endpoints["vault"],
                token=token,
                ledger=ledger,
                secrets=tmp_path,
                audit_log=tmp_path / "audit.log",
            )
        mounts = httpx.get(
            stack.endpoints["vault"] + "/v1/sys/mounts", headers={"X-Vault-Token": token}, trust_env=False
        )
        assert "database/" not in mounts.json()
