"""The secrets folder: everything is made once, each owner has its own secrets, and certificates fit their servers."""

import json
import ssl
import stat
from contextlib import suppress

import pytest
from joserfc.jwk import KeySet

from app.connections.secret_files import SettingsError
from infra.provision.keys import provision_keys
from infra.provision.rotation import rotate_export_key, rotate_web_key
from infra.provision.settings import ProvisioningSettings


@pytest.fixture
def settings(tmp_path):
    return ProvisioningSettings(secrets_folder=tmp_path / "secrets")


def contents(settings):
    root = settings.secrets.root
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("hosts", [None, ["vault.example", "192.0.2.7"]])
def test_everything_is_made_once(settings, said, hosts):
    made = said(provision_keys, settings, hosts=hosts)
    first = contents(settings)
    assert sorted(made) == sorted(
        f"{name}: created" for name in first if not name.endswith(("tls.key", "ca.key"))
    )
    assert said(provision_keys, settings, hosts=hosts) == []
    assert contents(settings) == first
    modes = {stat.S_IMODE(path.stat().st_mode) for path in settings.secrets.root.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_each_login_has_its_own_password_and_those_who_share_one_have_the_same(settings, said):
    said(provision_keys, settings)
    passwords = {name: text for name, text in contents(settings).items() if name.endswith("-password")}
    assert passwords["operator/database-admin-password"] == passwords["postgres/database-admin-password"]
    assert len(set(passwords.values())) == len(passwords) - 1
    assert len(contents(settings)["vault/seal-key"]) == 32


def test_what_is_missing_is_made_and_a_mode_that_lets_a_group_read_stays(settings, said):
    said(provision_keys, settings)
    before = contents(settings)
    settings.secrets.path("postgres", "database-admin-password").unlink()
    web_key = settings.secrets.path("web", "web-key")
    web_key.chmod(0o640)
    assert said(provision_keys, settings) == ["postgres/database-admin-password: created"]
    assert contents(settings) == before
    said(rotate_web_key, settings)
    assert stat.S_IMODE(web_key.stat().st_mode) == 0o640
    assert web_key.read_bytes() != before["web/web-key"]


def test_a_new_export_key_signs_and_earlier_ones_keep_their_public_halves(settings, said):
    said(provision_keys, settings)
    thumbprints = []
    for _ in range(3):
        keys = KeySet.import_key_set(json.loads(settings.secrets.read("web", "export-keys.json")))
        assert [key.is_private for key in keys.keys] == [True, *[False] * (len(keys.keys) - 1)]
        thumbprints = [keys.keys[0].thumbprint(), *thumbprints]
        assert [key.thumbprint() for key in keys.keys] == thumbprints
        said(rotate_export_key, settings)


def believed(settings, server, name):
    """A handshake with a server that shows this certificate, by a client who asked for `name`."""
    secrets = settings.secrets
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(secrets.path(server, "tls.pem"), secrets.path(server, "tls.key"))
    asking = ssl.create_default_context(cafile=secrets.path("worker", "ca.pem"))
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (asking.wrap_bio(down, up, server_hostname=name), shown.wrap_bio(up, down, server_side=True))
    for _ in range(2):
        for side in sides:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return sides[0].version() is not None


def test_a_certificate_is_good_for_its_server_and_the_names_that_were_given(settings, said):
    said(provision_keys, settings, hosts=["vault.example", "192.0.2.7", "2001:db8::7"])
    for name in ("vault", "vault.example", "192.0.2.7", "2001:db8::7", "localhost"):
        assert believed(settings, "vault", name)
    with pytest.raises(ssl.SSLCertVerificationError):
        believed(settings, "vault", "elsewhere.example")
    before = contents(settings)
    assert "vault/tls.pem: replaced" in said(provision_keys, settings, hosts=["new.example"])
    assert believed(settings, "vault", "new.example")
    assert contents(settings)["worker/ca.pem"] == before["worker/ca.pem"]


def test_half_a_pair_is_made_whole(settings, said):
    said(provision_keys, settings, hosts=[])
    settings.secrets.path("proxy", "tls.key").unlink()
    assert said(provision_keys, settings, hosts=[]) == ["proxy/tls.pem: replaced"]
    assert believed(settings, "proxy", "proxy")


def test_an_authority_that_others_believe_is_not_replaced(settings, said):
    said(provision_keys, settings, hosts=[])
    settings.secrets.path("operator", "ca.pem").unlink()
    with pytest.raises(SettingsError, match=r"operator/ca\.pem is missing"):
        provision_keys(settings, lambda _: None, hosts=[])
