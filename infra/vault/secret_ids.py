"""The SecretIDs of the infrastructure identities, each in a file in its owner's folder."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.credentials.approle import LOGIN_PATH
from infra.reporting import ProvisionError
from infra.secrets_folder import SecretsFolder
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.owners import IDENTITY_FILE, Identity

#: For a SecretID that is unknown, spent or expired, and for an identity that is disabled.
_REFUSED = (400, 403)
#: Seconds to wait for another rotation, and between two tries.
_LONGEST_ROTATION, _POLL = 60.0, 0.1


@contextmanager
def only_one_rotates(secrets: SecretsFolder) -> Iterator[None]:
    """Make a second rotation wait: each would destroy the SecretIDs that the other has just made.

    Raises `ProvisionError` if the first has not ended after a minute.
    """
    folder = secrets.folder("rotator", "vault-identity.json")
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + _LONGEST_ROTATION
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise ProvisionError("another rotation of identities is running and does not end")
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def log_in(client: VaultClient, secrets: SecretsFolder, identity: Identity) -> str | None:
    """A token of this identity; None if there is no file, or the vault refuses its content.

    Raises `ProvisionError` if the vault does not answer the question.
    """
    login = _login(secrets, identity)
    if login is None:
        return None
    try:
        return _token(client, login)
    except VaultAnswerError as error:
        if error.status not in _REFUSED:
            raise
        return None


def must_log_in(client: VaultClient, secrets: SecretsFolder, identity: Identity) -> str:
    """A token of this identity. Raises `ProvisionError` that says what to do."""
    token = log_in(client, secrets, identity)
    if token is None:
        path = secrets.path(identity.owner, IDENTITY_FILE)
        what = f"the vault refuses {path}" if path.exists() else f"there is no {path}"
        raise ProvisionError(f"{what}: run `triage provision vault`, which makes a new one")
    return token


def replace(
    client: VaultClient, secrets: SecretsFolder, identity: Identity, token: str, *, role_id: str
) -> int:
    """Give the identity a new SecretID and destroy all others; returns the lifetime of the new one in seconds.

    The file is replaced after the new SecretID has logged in, and the others are destroyed after that, so that the
    file always holds one that works. If interrupted, repeating it completes it. Raises `ProvisionError`.
    """
    path = f"auth/approle/role/{identity.role}/secret-id"
    new = client.write(path, {}, token)
    life = new.number("data", "secret_id_ttl")
    login = {"role_id": role_id, "secret_id": new.text("data", "secret_id")}
    _token(client, login)
    secrets.replace(identity.owner, IDENTITY_FILE, json.dumps(login))
    for accessor in client.names(path, token):
        if accessor != new.text("data", "secret_id_accessor"):
            _destroy(client, f"{path}-accessor/destroy", accessor, token)
    return life


def role_id_in_vault(client: VaultClient, identity: Identity, token: str) -> str:
    """The RoleID, which only a root token may read. Raises `ProvisionError`."""
    found = client.read(f"auth/approle/role/{identity.role}/role-id", token)
    if found is None:
        raise ProvisionError(f"the vault has no role {identity.role}")
    return found.text("role_id")


def role_id_in_file(secrets: SecretsFolder, identity: Identity) -> str | None:
    """The RoleID from the identity's file; None if there is none."""
    login = _login(secrets, identity)
    return None if login is None else login["role_id"]


def _destroy(client: VaultClient, path: str, accessor: str, token: str) -> None:
    try:
        client.write(path, {"secret_id_accessor": accessor}, token)
    except VaultAnswerError as error:
        # It has expired since the names were read.
        if "accessor" not in error.reason:
            raise


def _login(secrets: SecretsFolder, identity: Identity) -> dict[str, str] | None:
    text = secrets.read(identity.owner, IDENTITY_FILE)
    try:
        found = json.loads(text or "")
        return {name: str(found[name]) for name in ("role_id", "secret_id")}
    except (ValueError, LookupError, TypeError):
        return None


def _token(client: VaultClient, login: dict[str, str]) -> str:
    return client.write(LOGIN_PATH, login).text("auth", "client_token")
