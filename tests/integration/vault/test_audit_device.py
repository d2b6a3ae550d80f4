"""A vault without the audit devices that settings name is not provisioned."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.connections.tls import trust_of
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError
from infra.vault.bootstrap import require_audit_devices
from infra.vault.client import VaultClient

LOGS = ["/vault/audit/audit.log", "/vault/audit-2/audit-2.log"]


class RecordingVault(BaseHTTPRequestHandler):
    """Not a vault: says which audit devices it has, and takes or refuses more. Stands in for HashiCorp Vault here."""

    def do_GET(self) -> None:
        self._answer(200, {"data": {name: {} for name in self.server.devices}})

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
    server.seen, server.devices, server.takes_devices = [], [], True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    with VaultClient(address, trust=trust_of(ProvisioningSettings()), timeout=5) as server.client:
        yield server
    server.shutdown()
    thread.join()
    server.server_close()


def asked(device, file):
    options = {"file_path": file, "hmac_accessor": "false", "mode": "0640"}
    return f"/v1/sys/audit/{device}", {"type": "file", "options": options}


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ([], [("file", LOGS[0]), ("file-2", LOGS[1])]),
        (["file/"], [("file-2", LOGS[1])]),
        (["syslog/"], [("file-2", LOGS[1])]),
        (["file/", "file-2/"], []),
    ],
)
def test_hashicorp_vault_is_given_the_devices_that_it_lacks(recording, there, missing):
    """As far as it can be shown without that server. Each file may be read by the group of its folder."""
    recording.devices = there
    said = []
    require_audit_devices(recording.client, "root", LOGS, said.append)
    assert recording.seen == [asked(*each) for each in missing]
    assert said == [f"audit device {device}: created" for device, _ in missing]


@pytest.mark.parametrize(
    ("there", "wanted", "problem"),
    [
        ([], [], "no audit device: add an audit stanza"),
        ([], LOGS[:1], "no audit device: add an audit stanza"),
        ([], LOGS, "no audit device: add an audit stanza"),
        (["file/"], LOGS, "no second audit device, which VAULT_AUDIT_LOG_2 names"),
    ],
)
def test_a_vault_that_takes_none_is_refused(recording, there, wanted, problem):
    recording.devices, recording.takes_devices = there, False
    with pytest.raises(ProvisionError, match=problem):
        require_audit_devices(recording.client, "root", wanted, print)
    assert len(recording.seen) == bool(wanted)


def test_one_device_is_enough_if_no_setting_names_a_second(recording):
    recording.devices = ["file/"]
    require_audit_devices(recording.client, "root", LOGS[:1], print)
    require_audit_devices(recording.client, "root", [], print)
    assert recording.seen == []


def test_a_real_vault_without_a_device_is_not_prepared(start):
    """OpenBao takes no device over its API, so one that was started without is of no use."""
    other = start()
    other.start_vault(audit_devices=0)
    (other.secrets / "operator" / "ledger-admin-password").write_text("x")
    with pytest.raises(ProvisionError, match="no audit device: add an audit stanza"):
        other.provision(vault_audit_log=other.audit_log)
    token = (other.secrets / "operator" / "vault-root-token").read_text()
    assert "database/" not in other.ask("GET", "sys/mounts", token=token).json()


def test_a_real_vault_that_has_one_device_gets_the_second_from_its_configuration(start, until):
    """As an upgrade adds it: provisioning names what is missing, and the vault makes it when it is started again."""
    other = start()
    other.start_vault(audit_devices=1)
    (other.secrets / "operator" / "ledger-admin-password").write_text("x")
    with pytest.raises(ProvisionError, match="no second audit device, which VAULT_AUDIT_LOG_2 names"):
        other.provision(vault_audit_log=other.audit_log, vault_audit_log_2=other.audit_log_2)
    token = (other.secrets / "operator" / "vault-root-token").read_text()
    config = other.folder / "config.hcl"
    (first,) = re.findall(r'^audit "file".*?^}$', config.read_text(), re.DOTALL | re.MULTILINE)
    second = first.replace('"file" {', '"file-2" {').replace(str(other.audit_log), str(other.audit_log_2))
    config.write_text(f"{config.read_text()}\n{second}\n")
    other.process_table.restart("vault")

    def has_both() -> bool:
        answer = other.ask("GET", "sys/audit", token=token)
        return answer.is_success and set(answer.json()["data"]) == {"file/", "file-2/"}

    until(has_both, what="both devices")
    until(lambda: b'"path":"sys/audit"' in other.audit_log_2.read_bytes(), what="an entry in the second log")
