"""A refused password, a server without TLS and a missing server are distinguished, each in a line naming the setting."""

import json
import ssl

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from app.connections.database import connect
from app.connections.database_trouble import trouble
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor, AuditorError
from infra.local.ports import LOOPBACK
from infra.postgres.roles import verifier
from workers.runtime import broker, celery_app
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import Vault, VaultRefusedError

#: No server listens there.
NOWHERE = "127.0.0.1:1"


@pytest.fixture
def canary(tmp_path):
    file = tmp_path / "secret"
    file.write_text("canary")
    file.chmod(0o600)
    return file


def database(settings):
    """What stands in the way of the database, or None."""
    engine = connect(settings, pool_size=1)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001  # the message is what counts
        return trouble(error)
    finally:
        engine.dispose()
    return None


def queue(settings):
    """What stands in the way of the broker, or None."""
    celery = celery_app.make(settings)
    try:
        with celery.connection_for_write() as connection:
            broker.check(connection, trust_of(settings))
    except broker.BrokerUnavailableError as error:
        return str(error)
    finally:
        celery.close()
    return None


def test_problems_with_the_database_are_told_apart(installation, canary):
    plain = f"127.0.0.1:{installation.plain_ports['postgres']}"
    url = "postgresql://triage_app@{}/triage{}".format
    settings = installation.settings
    assert database(settings()) is None
    assert (
        database(settings(database_password_file=canary))
        == "the database refused the password of triage_app (DATABASE_PASSWORD_FILE)"
    )
    assert (
        database(settings(database_url=url(NOWHERE, "")))
        == "the database does not answer (connection refused)"
    )
    assert (
        database(settings(database_url=url(plain, "")))
        == "the database offers no TLS, and sslmode asks for it"
    )
    assert database(settings(database_url=url(plain, "?sslmode=disable"))) is None
    assert (
        database(settings(database_password_file=None))
        == "the database asks for a password, and DATABASE_PASSWORD_FILE is not set"
    )


def test_a_password_that_is_replaced_is_used_without_a_restart(installation, tmp_path):
    file = tmp_path / "password"
    file.write_text(installation.secret("web", "database-password").read_text())
    file.chmod(0o440)
    engine = connect(installation.settings(database_password_file=file), pool_size=1)
    admin = installation.secret("operator", "database-admin-password").read_text()
    change = sql.SQL("ALTER ROLE triage_app PASSWORD {}")
    with psycopg.connect(
        host=LOOPBACK,
        port=installation.plain_ports["postgres"],
        user="postgres",
        password=admin,
        dbname="postgres",
        sslmode="disable",
        autocommit=True,
    ) as server:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            server.execute(change.format(verifier("triage_app", "another")))
            file.chmod(0o600)
            file.write_text("another\n")
            engine.dispose()
            with engine.connect() as connection:
                assert connection.execute(text("SELECT 1")).scalar() == 1
            file.chmod(0o604)
            engine.dispose()
            with pytest.raises(Exception, match="open to others") as refused, engine.connect():
                pass
            assert trouble(refused.value).startswith(f"DATABASE_PASSWORD_FILE: {file} is open to others")
        finally:
            server.execute(
                change.format(
                    verifier("triage_app", installation.secret("web", "database-password").read_text())
                )
            )
            engine.dispose()


def test_problems_with_the_broker_are_told_apart(installation, canary):
    settings = installation.settings
    plain = f"127.0.0.1:{installation.plain_ports['valkey']}"
    assert queue(settings("dispatcher")) is None
    assert "REDIS_PASSWORD_FILE" in queue(settings("dispatcher", redis_password_file=canary))
    assert "refused" in queue(settings("dispatcher", redis_url=f"rediss://dispatcher@{NOWHERE}/0"))
    assert queue(settings("dispatcher", redis_url=f"redis://dispatcher@{plain}/0")) is None


def test_a_login_the_vault_refuses_is_reported(installation, tmp_path):
    login = json.loads(installation.secret("web", "vault-identity.json").read_text())
    file = tmp_path / "identity.json"
    file.write_text(json.dumps({**login, "secret_id": "canary"}))
    file.chmod(0o600)
    settings = installation.settings()
    address, trust = settings.need("vault_addr"), trust_of(settings)
    with Auditor(address, file, trust) as auditor, pytest.raises(AuditorError) as refused:
        auditor.alive(accessors=["none"], leases=[])
    assert str(refused.value).startswith(f"the vault refuses the login in VAULT_IDENTITY_FILE, {file}")
    vault = Vault(address, trust, pool_size=1)
    try:
        with pytest.raises(VaultRefusedError) as refused:
            ProcessIdentity(vault, file).write("auth/token/lookup-accessor", {"accessor": "none"})
    finally:
        vault.close()
    assert "it refuses the login in VAULT_IDENTITY_FILE" in str(refused.value)
    assert "canary" not in str(refused.value)
    file.chmod(0o644)
    with Auditor(address, file, trust) as auditor, pytest.raises(AuditorError, match="open to others"):
        auditor.alive(accessors=["none"], leases=[])


@pytest.fixture
def strict(installation, relayed):
    """The broker and the database behind servers that ask who comes, and the settings of one that can answer."""
    places = {}
    for name in ("valkey", "postgres"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(installation.secret(name, "tls.pem"), installation.secret(name, "tls.key"))
        context.load_verify_locations(installation.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
        port = installation.plain_ports[name]
        places[name] = f"127.0.0.1:{relayed(port, tls=context, postgres=name == 'postgres').port}"
    return {
        "redis_url": f"rediss://dispatcher@{places['valkey']}/0",
        "database_url": f"postgresql://triage_dispatcher@{places['postgres']}/triage",
    }


def test_a_server_that_demands_a_client_certificate_gets_it(installation, strict, client_certificate):
    known = installation.settings("dispatcher", **strict, **client_certificate)
    assert (database(known), queue(known)) == (None, None)
    stranger = installation.settings("dispatcher", **strict)
    assert "CLIENT_CERTIFICATE_FILE" in database(stranger)
    # With TLS 1.3 the refusal comes after the client has begun to speak, and redis-py does not read it.
    assert queue(stranger) is not None
