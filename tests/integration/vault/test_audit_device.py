"""A vault without an audit device is not provisioned."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.connections.tls import trust_of
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError
from infra.vault.bootstrap import require_audit_device
from infra.vault.client import VaultClient


class RecordingVault(BaseHTTPRequestHandler):
    """Not a vault: says it has no audit device, and takes or refuses one. Stands in for HashiCorp Vault here."""

    def do_GET(self) -> None:
        self._answer(200, {"data": {}})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.seen.append((self.path, json.loads(self.rfile.read(length))))
        self._answer(204 if self.server.takes_devices else 400, {"errors": ["refused here"]})

    def _answer(self, status, body):
        self.send_response(status)
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def recording():
    server = HTTPServer(("127.0.0.1", 0), RecordingVault)
    server.seen, server.takes_devices = [], True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    with VaultClient(address, trust=trust_of(ProvisioningSettings()), timeout=5) as server.client:
        yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_hashicorp_vault_is_given_a_device_that_its_group_may_read(recording):
    """As far as it can be shown without that server."""
    said = []
    require_audit_device(recording.client, "root", "/vault/audit/audit.log", said.append)
    options = {"file_path": "/vault/audit/audit.log", "hmac_accessor": "false", "mode": "0640"}
    assert recording.seen == [("/v1/sys/audit/file", {"type": "file", "options": options})]
    assert said == ["audit device file: created"]


@pytest.mark.parametrize("audit_log", [None, "/vault/audit/audit.log"])
def test_a_vault_that_takes_none_is_refused(recording, audit_log):
    recording.takes_devices = False
    with pytest.raises(ProvisionError, match="no audit device: add an audit stanza"):
        require_audit_device(recording.client, "root", audit_log, print)
    assert len(recording.seen) == (audit_log is not None)


def test_a_real_vault_without_a_device_is_not_prepared(start):
    """OpenBao takes no device over its API, so one that was started without is of no use."""
    other = start()
    other.start_vault(audited=False)
    (other.secrets / "operator" / "ledger-admin-password").write_text("x")
    with pytest.raises(ProvisionError, match="no audit device: add an audit stanza"):
        other.provision(vault_audit_log=other.audit_log)
    token = (other.secrets / "operator" / "vault-root-token").read_text()
    assert "database/" not in other.ask("GET", "sys/mounts", token=token).json()
