"""Trust is settled when a process starts: unusable files are refused, each with its setting named."""

import ssl

import pytest

from app.connections.database import address
from app.connections.secret_files import SettingsError, read_identity, read_secret
from app.connections.settings import ConnectionSettings
from app.connections.tls import Trust, trust_of


@pytest.fixture(scope="module")
def pair(self_signed, tmp_path_factory):
    """A certificate and its key, as files."""
    folder = tmp_path_factory.mktemp("pair")
    certificate, secret = folder / "certificate.pem", folder / "certificate.key"
    for file, content in zip((certificate, secret), self_signed, strict=True):
        file.write_bytes(content)
    secret.chmod(0o440)
    return certificate, secret


def test_only_the_authorities_in_ca_file_are_believed(pair, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    trust = trust_of(ConnectionSettings(ca_file=pair[0]))
    assert trust.context.cert_store_stats()["x509"] == 1
    assert (trust.context.verify_mode, trust.context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trust.context.keylog_filename is None
    assert trust_of(ConnectionSettings(ca_file=pair[0])) is trust


def test_authorities_that_cannot_be_used_are_refused(tmp_path, pair):
    missing, other, open_to_all = (tmp_path / name for name in ("missing", "other", "open"))
    other.write_text("no certificate")
    open_to_all.write_bytes(pair[0].read_bytes())
    open_to_all.chmod(0o646)
    for file, reason in (
        (missing, "is not a file"),
        (tmp_path, "is not a file"),
        (other, "holds no certificate in PEM"),
        (open_to_all, "can be changed by everybody, mode 0646"),
    ):
        with pytest.raises(SettingsError) as refused:
            trust_of(ConnectionSettings(ca_file=file))
        assert str(refused.value) == f"CA_FILE: {file} {reason}"


def test_a_certificate_of_our_own_needs_its_key(tmp_path, pair):
    certificate, key = pair
    trust_of(ConnectionSettings(client_certificate_file=certificate, client_key_file=key))
    with pytest.raises(SettingsError, match="must be set together"):
        trust_of(ConnectionSettings(client_certificate_file=certificate))
    with pytest.raises(SettingsError, match=r"CLIENT_CERTIFICATE_FILE: .* for the key in CLIENT_KEY_FILE"):
        trust_of(ConnectionSettings(client_certificate_file=key, client_key_file=key))
    copied = tmp_path / "copied.key"
    copied.write_bytes(key.read_bytes())
    copied.chmod(0o604)
    with pytest.raises(SettingsError, match=r"CLIENT_KEY_FILE: .*copied\.key is open to others, mode 0604"):
        trust_of(ConnectionSettings(client_certificate_file=certificate, client_key_file=copied))


def test_a_refusal_is_found_through_any_chain_even_a_ring():
    trust = Trust(ssl.create_default_context())
    cause = ssl.SSLError(1, "WRONG_VERSION_NUMBER")
    cause.reason = "WRONG_VERSION_NUMBER"
    outer, middle = OSError("outer"), OSError("middle", cause)
    outer.__context__, middle.__context__ = middle, outer
    assert trust.trouble(outer, what="the vault") == "the vault does not speak TLS"
    alone = OSError("alone")
    alone.__cause__ = OSError("other")
    alone.__cause__.__cause__ = alone
    assert trust.trouble(alone, what="the vault") is None


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_secret_that_a_group_may_read_is_read(tmp_path, mode):
    file = tmp_path / "secret"
    file.write_text("  canary\n")
    file.chmod(mode)
    assert read_secret(file, setting="WEB_KEY_FILE") == "canary"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o650])
def test_a_secret_that_others_may_use_is_refused(tmp_path, mode):
    file = tmp_path / "secret"
    file.write_text("canary")
    file.chmod(mode)
    with pytest.raises(
        SettingsError, match=f"^WEB_KEY_FILE: {file} is open to others, mode {mode:04o}"
    ) as refused:
        read_secret(file, setting="WEB_KEY_FILE")
    assert "canary" not in str(refused.value)


def test_a_login_lacking_a_field_is_refused_without_repeating_it(tmp_path):
    file = tmp_path / "identity.json"
    for text in ("canary", "[]", '{"role_id": "canary"}', '{"role_id": "canary", "secret_id": 1}'):
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(SettingsError, match="role_id and secret_id") as refused:
            read_identity(file)
        assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "ca_file", "expected"),
    [
        ("postgresql://u@db.example/x", None, ("db.example", "verify-full", "system")),
        ("postgresql://u@127.0.0.1/x", None, ("127.0.0.1", "prefer", None)),
        ("postgresql+psycopg://u@[::1]:5433/x", None, ("::1", "prefer", None)),
        ("postgresql://u@[2001:db8::1]:5433/x", "/ca", ("2001:db8::1", "verify-full", "/ca")),
        ("postgresql://u@127.0.0.1/x", "/ca", ("127.0.0.1", "verify-full", "/ca")),
        ("postgresql://u@db.example/x?sslmode=require", None, ("db.example", "require", None)),
        (
            "postgresql://u@db.example/x?sslmode=verify-ca&sslrootcert=/b",
            "/ca",
            ("db.example", "verify-ca", "/b"),
        ),
    ],
)
def test_sslmode_is_always_stated(url, ca_file, expected):
    found = address(url, ConnectionSettings(database_url=url, ca_file=ca_file))
    assert (found.host, found.query["sslmode"], found.query.get("sslrootcert")) == expected
    assert found.drivername == "postgresql+psycopg"
