"""Every client trusts the authorities in CA_FILE only, and reports a server it does not trust."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import typer

from app.cli import api_token, verify_command
from app.connections.database import connect, sessions
from app.connections.database_trouble import trouble
from app.connections.tls import trust_of
from app.contract_file.keys import KeysError
from app.credentials.auditor import Auditor, AuditorError
from app.credentials.dispatch import listen
from app.credentials.grants import ApiKey
from app.credentials.lineage import CredentialKind, IssuedCredential
from app.review.queries import Pages
from app.web.probes import Probes
from app.web.sign_in.provider import Pending, Provider
from app.web.sign_in.provider_cache import ProviderError
from app.web.stack_parts import Condition
from infra.provision.broker_server import administrator
from infra.provision.database import administered, reported
from infra.provision.vault_setup import vault_client
from infra.reporting import ProvisionError
from mocks import tls
from mocks.refusals import VaultUnreachableError
from mocks.vault_connection import VaultConnection
from workers.runtime import broker, celery_app
from workers.runtime.answer import ToolError
from workers.runtime.database_client import DatabaseClient
from workers.runtime.http_client import HttpClient, pool
from workers.runtime.run_session import Issued
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultUnavailableError

WELL = "well"


@dataclass(frozen=True)
class Asked:
    """An installation of which one server is at another place, and the authorities to believe."""

    installation: Any
    place: str
    ca_file: Any

    def settings(self, owner="web", **changed):
        return self.installation.settings(owner, ca_file=self.ca_file, tool_tries=1, **changed)


def vault(asked: Asked) -> str:
    settings = asked.settings()
    made = Vault(f"https://{asked.place}", trust_of(settings))
    try:
        return WELL if made.read("sys/health", Secret("none"))["initialized"] else ""
    except VaultUnavailableError as error:
        return str(error)
    finally:
        made.close()


def auditor(asked: Asked) -> str:
    settings = asked.settings()
    with Auditor(f"https://{asked.place}", settings.vault_identity_file, trust_of(settings)) as made:
        try:
            made.alive(accessors=["none"], leases=[])
        except AuditorError as error:
            return str(error)
    return WELL


def provisioned_vault(asked: Asked) -> str:
    variables = {**asked.installation.provisioning().model_dump(), "vault_addr": f"https://{asked.place}"}
    settings = type(asked.installation.provisioning())(**{**variables, "ca_file": asked.ca_file})
    with vault_client(settings) as client:
        try:
            return WELL if client.seal_status()["initialized"] else ""
        except ProvisionError as error:
            return str(error)


def mock(asked: Asked) -> str:
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    log = logging.getLogger("mocks.vault_connection")
    log.addHandler(handler)
    connection = VaultConnection(f"https://{asked.place}", tls.context({"CA_FILE": str(asked.ca_file)}))
    try:
        connection.read("identity/oidc/.well-known/keys")
    except VaultUnreachableError:
        return records[0].getMessage()
    finally:
        log.removeHandler(handler)
        connection._http.close()
    return WELL


def issued(**variables: Any) -> Issued:
    now = datetime.now(UTC)
    record = {
        "credential_id": uuid4(),
        "tool": "contracts",
        "kind": CredentialKind.API_KEY,
        "vault_path": "auth/token/create/contracts",
        "policy": "triage-run",
        "scope": "contracts:read",
        "request_id": "request-1",
        "fingerprint": "0" * 64,
        "issued_at": now,
        "expires_at": now + timedelta(minutes=15),
    }
    return Issued(Secret(variables.pop("secret", "none")), IssuedCredential(**{**record, **variables}))


def tool(asked: Asked) -> str:
    settings, calls = asked.settings("worker"), []
    with pool(settings, size=1) as connections:
        client = HttpClient(
            connections,
            f"https://{asked.place}",
            settings,
            grant=ApiKey(role="r", scope="s"),
            issued=issued(),
            calls=calls,
        )
        try:
            client.get("/contract-awards/v1/search", {})
        except ToolError as error:
            # An unknown key: the service was asked and refused it, as it should.
            return WELL if "refused the credential" in str(error) else str(error)
    return ""


def ledger(asked: Asked) -> str:
    password = asked.installation.secret("operator", "ledger-owner-password").read_text()
    client = DatabaseClient(
        f"postgresql://{asked.place}/ledger",
        asked.settings("worker"),
        issued(kind=CredentialKind.DATABASE_USER, service_user="ledger_owner", secret=password),
        [],
    )
    try:
        with client as opened:
            return WELL if opened._connection.pgconn.ssl_in_use else ""
    except ToolError as error:
        return str(error)


def database(asked: Asked) -> str:
    settings = asked.settings(
        "dispatcher", database_url=f"postgresql://triage_dispatcher@{asked.place}/triage"
    )
    engine = connect(settings, pool_size=1)
    try:
        with listen(engine) as news:
            news.wait(seconds=0.01)
    except Exception as error:  # noqa: BLE001  # the message is what counts
        return trouble(error)
    finally:
        engine.dispose()
    return WELL


def provisioned_database(asked: Asked) -> str:
    variables = {
        **asked.installation.provisioning().model_dump(),
        "database_admin_url": f"postgresql://postgres@{asked.place}/postgres",
    }
    settings = type(asked.installation.provisioning())(**{**variables, "ca_file": asked.ca_file})
    try:
        with reported():
            administered(settings).connect().close()
    except ProvisionError as error:
        return str(error)
    return WELL


def queue(asked: Asked) -> str:
    settings = asked.settings("dispatcher", redis_url=f"rediss://dispatcher@{asked.place}/0")
    celery = celery_app.make(settings)
    try:
        with celery.connection_for_write() as connection:
            broker.check(connection, trust_of(settings))
    except broker.BrokerUnavailableError as error:
        return str(error)
    finally:
        celery.close()
    return WELL


def provisioned_broker(asked: Asked) -> str:
    variables = {
        **asked.installation.provisioning().model_dump(),
        "redis_admin_url": f"rediss://administrator@{asked.place}",
    }
    settings = type(asked.installation.provisioning())(**{**variables, "ca_file": asked.ca_file})
    try:
        with administrator(settings) as connection:
            return WELL if connection.ping() else ""
    except ProvisionError as error:
        return str(error)


def sign_in(asked: Asked) -> str:
    provider = Provider(
        issuer=asked.installation.issuer,
        address=f"https://{asked.place}",
        client_id="triage-web",
        redirect_uri="https://127.0.0.1/sign-in/callback",
        trust=trust_of(asked.settings()),
    )
    try:
        begun = provider.address("state", Pending(nonce="n", verifier="v" * 43))
    except ProviderError as error:
        return str(error)
    finally:
        provider.close()
    return WELL if begun.startswith(f"{asked.installation.issuer}/authorize?") else begun


def keys(asked: Asked) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CA_FILE", str(asked.ca_file))
        try:
            verify_command._keys(f"https://{asked.place}/keys")
        except KeysError as error:
            # The provider's keys are not export keys; noticing this takes an answer from the server.
            return WELL if "key" in str(error) else str(error)
    return WELL


def persona_token(asked: Asked) -> str:
    web = f"https://{asked.installation.place('web')}"
    client = {"client_id": "triage-web", "redirect_uri": f"{web}/sign-in/callback"}
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CA_FILE", str(asked.ca_file))
        patch.setattr(api_token, "_provider", lambda: (f"https://{asked.place}", client))
        patch.setattr(api_token.err, "print", lambda text, **_: said.append(text))
        patch.setattr(api_token.typer, "echo", lambda token: said.append(WELL if token else ""))
        with suppress(typer.Exit):
            api_token.print_token("officer-a")
    return said[0]


CLIENTS: dict[Callable[[Asked], str], str] = {
    vault: "vault",
    auditor: "vault",
    provisioned_vault: "vault",
    mock: "vault",
    tool: "contracts",
    ledger: "postgres",
    database: "postgres",
    provisioned_database: "postgres",
    queue: "valkey",
    provisioned_broker: "valkey",
    sign_in: "identity-provider",
    keys: "identity-provider",
    persona_token: "identity-provider",
}
each = pytest.mark.parametrize(
    ("client", "server"), CLIENTS.items(), ids=[client.__name__ for client in CLIENTS]
)
#: libpq does not tell an expired certificate from one of an unknown authority.
BY_LIBPQ = (ledger, database, provisioned_database)


@pytest.fixture(autouse=True)
def astray(installation, monkeypatch):
    """Surroundings as the installation's processes have them."""
    for name, value in installation.surroundings.items():
        monkeypatch.setenv(name, value)


@each
def test_it_believes_the_authorities_in_ca_file(installation, client, server):
    assert client(Asked(installation, installation.place(server), installation.ca_file)) == WELL


@each
def test_an_unknown_authority_is_refused_and_the_setting_named(installation, client, server):
    said = client(Asked(installation, installation.place(server), installation.other_ca))
    if client is mock:
        assert "its certificate is not trusted" in said
        assert "CA_FILE names the authorities" in said
        return
    assert "not signed by an authority in CA_FILE" in said
    assert str(installation.other_ca) in said


@each
def test_a_certificate_for_another_host_is_refused(installation, unnamed, client, server):
    said = client(Asked(installation, unnamed[server], installation.ca_file))
    expected = {
        mock: "IP address mismatch",
        **dict.fromkeys(BY_LIBPQ, "is not for 127.0.0.2"),
    }
    assert expected.get(client, "is for another host") in said


@each
def test_a_certificate_that_has_expired_is_refused(installation, expired, client, server):
    said = client(Asked(installation, expired[server], installation.ca_file))
    assert "has expired" in said


@pytest.fixture
def look(installation):
    """What the state page's probes see of each part, with some settings changed."""

    def looked(**changed):
        settings = installation.settings(**changed)
        engine = connect(settings, pool_size=2)
        probes = Probes(settings, Pages(sessions(engine)))
        try:
            return {part.name: part for part in probes.look().parts}
        finally:
            probes.close()
            engine.dispose()

    return looked


def test_the_probes_look_over_tls(look, until):
    def all_up():
        parts = look()
        return all(part.condition is Condition.UP for part in parts.values()) and parts

    assert len(until(all_up, what="all parts up")) == 9


def test_the_probes_say_why_a_certificate_is_not_trusted(installation, look, until):
    def refused():
        notes = {part.note for part in look(ca_file=installation.other_ca).values()}
        return all(f"CA_FILE ({installation.other_ca})" in note for note in notes) and notes

    assert until(refused, what="nine certificates refused")
