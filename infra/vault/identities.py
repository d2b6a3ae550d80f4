"""The SecretIDs of the infrastructure identities, each in one file of its owner's folder."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra.provision.errors import ProvisionError
from infra.provision.secrets_folder import SecretsFolder
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.owners import IDENTITY_FILE, Identity

_LOGIN = "auth/approle/login"
#: A SecretID that is unknown, spent or expired, and an identity that was disabled.
_REFUSED = (400, 403)
#: Seconds to wait for another rotation, and between two looks.
_LONGEST_ROTATION, _PAUSE = 60.0, 0.1


@contextmanager
def only_one_rotates(secrets: SecretsFolder) -> Iterator[None]:
    """Two rotations at once would each destroy what the other has just put in place; the second waits.

    Raises `ProvisionError` when the first has not ended after a minute.
    """
    folder = secrets.folder("rotator", "vault-identity.json")
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + _LONGEST_ROTATION
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise ProvisionError("another rotation of identities is under way and does not end")
            time.sleep(_PAUSE)
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
    """A token of this identity; None when there is no file, or the vault refuses what is in it.

    Raises `ProvisionError` when the vault answers neither yes nor no.
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
    """The same, or `ProvisionError` that says what to do."""
    token = log_in(client, secrets, identity)
    if token is None:
        path = secrets.path(identity.owner, IDENTITY_FILE)
        what = f"the vault refuses {path}" if path.exists() else f"there is no {path}"
        raise ProvisionError(f"{what}: run `triage provision vault`, which makes it anew")
    return token


def replace(
    client: VaultClient, secrets: SecretsFolder, identity: Identity, token: str, *, role_id: str
) -> int:
    """Give the identity a new SecretID and destroy all others; the seconds the new one lives.

    The file changes once the new SecretID has logged in, and the others end once it is there, so that whoever reads
    the file has one that works. Stopped at any point, doing it again completes it. Raises `ProvisionError`.
    """
    path = f"auth/approle/role/{identity.role}/secret-id"
    made = client.write(path, {}, token)["data"]
    login = {"role_id": role_id, "secret_id": made["secret_id"]}
    _token(client, login)
    secrets.replace(identity.owner, IDENTITY_FILE, json.dumps(login))
    for accessor in client.names(path, token):
        if accessor != made["secret_id_accessor"]:
            _destroy(client, f"{path}-accessor/destroy", accessor, token)
    return int(made["secret_id_ttl"])


def role_id_in_vault(client: VaultClient, identity: Identity, token: str) -> str:
    """The other half of the login, which only a root token may ask for. Raises `ProvisionError`."""
    found = client.read(f"auth/approle/role/{identity.role}/role-id", token)
    if found is None:
        raise ProvisionError(f"the vault has no role {identity.role}")
    return str(found["role_id"])


def role_id_in_file(secrets: SecretsFolder, identity: Identity) -> str | None:
    """The same from the identity's file; None when there is no file that holds one."""
    login = _login(secrets, identity)
    return None if login is None else login["role_id"]


def _destroy(client: VaultClient, path: str, accessor: str, token: str) -> None:
    try:
        client.write(path, {"secret_id_accessor": accessor}, token)
    except VaultAnswerError as error:
        # It expired between the question and now.
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
    return str(client.write(_LOGIN, login)["auth"]["client_token"])
