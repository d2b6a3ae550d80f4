"""Makes the secrets of an installation that are needed before its servers run."""

import hashlib
import secrets
from collections.abc import Callable, Sequence

from app.connections.secret_files import SettingsError
from infra.provision.certificates import Authority
from infra.provision.export_keys import with_new_key
from infra.provision.logins import BROKER_USERS, DATABASE_LOGINS, OWNERS, SERVERS, ensure_shared
from infra.provision.settings import ProvisioningSettings
from infra.reporting import Say
from infra.secrets_folder import SecretsFolder, random_secret

_SEAL_KEY_BYTES = 32


def provision_keys(settings: ProvisioningSettings, say: Say, *, hosts: Sequence[str] | None = None) -> None:
    """Make the secrets that are missing in SECRETS_FOLDER; existing ones do not change.

    With `hosts`, also make a private authority and a certificate for each server, valid for these names and its own;
    a certificate that lacks one of them or expires within 60 days is replaced. Raises SettingsError and
    OSError.
    """
    folder = settings.secrets
    for owners in DATABASE_LOGINS.values():
        _report_created(say, ensure_shared(folder, "database-password", owners), "database-password")
    for owners in BROKER_USERS.values():
        _report_created(say, ensure_shared(folder, "broker-password", owners), "broker-password")
    # The server reads its first administrator's password from its own folder.
    _report_created(
        say,
        ensure_shared(folder, "database-admin-password", ("operator", "postgres")),
        "database-admin-password",
    )
    new: list[tuple[str, str, Callable[[], str | bytes]]] = [
        ("operator", "database-owner-password", random_secret),
        ("operator", "ledger-owner-password", random_secret),
        ("operator", "broker-admin-password", random_secret),
        ("valkey", "users.acl", lambda: users_acl(folder.read("operator", "broker-admin-password") or "")),
        ("vault", "seal-key", lambda: secrets.token_bytes(_SEAL_KEY_BYTES)),
        ("web", "web-key", random_secret),
        ("web", "export-keys.json", lambda: with_new_key(None)),
    ]
    for owner, name, make in new:
        if folder.ensure(owner, name, make):
            say(f"{owner}/{name}: created")
    if hosts is not None:
        _certificates(folder, say, hosts)


def users_acl(password: str) -> str:
    """The first users of a broker: only its administrator, with the hash of the password."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user default off\nuser administrator on #{digest} ~* &* +@all\n"


def _report_created(say: Say, owners: list[str], name: str) -> None:
    for owner in owners:
        say(f"{owner}/{name}: created")


def _certificates(folder: SecretsFolder, say: Say, hosts: Sequence[str]) -> None:
    authority = _authority(folder, say)
    for owner in OWNERS:
        if folder.ensure(owner, "ca.pem", lambda: authority.certificate):
            say(f"{owner}/ca.pem: created")
    for server in SERVERS:
        had = folder.read(server, "tls.pem")
        if had is not None and folder.has(server, "tls.key") and _stays(authority, server, had, hosts):
            continue
        certificate, key = authority.issue(server, hosts)
        folder.delete(server, "tls.pem")  # so that half a pair is never used
        folder.replace(server, "tls.key", key)
        folder.replace(server, "tls.pem", certificate)
        say(f"{server}/tls.pem: {'created' if had is None else 'replaced'}")


def _authority(folder: SecretsFolder, say: Say) -> Authority:
    certificate, key = folder.read("operator", "ca.pem"), folder.read("operator", "ca.key")
    if certificate is None:
        if any(folder.has(owner, "ca.pem") for owner in OWNERS):
            raise SettingsError(
                "SECRETS_FOLDER: operator/ca.pem is missing, but other owners have an authority already"
            )
        authority = Authority.make()
        folder.replace("operator", "ca.key", authority.key)
        folder.replace("operator", "ca.pem", authority.certificate)
        say("operator/ca.pem: created")
        return authority
    try:
        return Authority.load(certificate, key or "")
    except ValueError as wrong:
        raise SettingsError(
            f"SECRETS_FOLDER: {folder.path('operator', 'ca.pem')} and ca.key are not an authority: {wrong}"
        ) from None


def _stays(authority: Authority, server: str, certificate: str, hosts: Sequence[str]) -> bool:
    try:
        return not authority.is_to_replace(certificate, hosts)
    except ValueError:
        raise SettingsError(f"SECRETS_FOLDER: {server}/tls.pem is not a certificate") from None
