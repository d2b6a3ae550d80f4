"""Snapshots of the vault's storage: taken while it works, loaded into a new vault with the same seal key."""

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from infra.provision.errors import ProvisionError
from infra.provision.secrets_folder import SecretsFolder
from infra.vault import identities
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.opening import is_initialised, wait_until_serving
from infra.vault.owners import BACKUP

Say = Callable[[str], None]

_FORBIDDEN = 403
_PAUSE = 0.1


def save_snapshot(client: VaultClient, folder: SecretsFolder, file: Path, say: Say) -> None:
    """Write a snapshot to `file`, as the backup's identity. The file is there whole or not at all.

    Raises `ProvisionError`, and OSError when the file cannot be written.
    """
    token = identities.must_log_in(client, folder, BACKUP)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            size = client.save("sys/storage/raft/snapshot", token, stream)
            os.fsync(stream.fileno())
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    say(f"{file}: written, {size} bytes")


def load_snapshot(client: VaultClient, file: Path, say: Say, *, patience: float) -> None:
    """Replace the storage of a vault that is not initialised yet by a snapshot; waits until it serves.

    The keys and the root token of the new vault are void afterwards: those of the snapshot's count. Interrupted, the
    storage has to be emptied before another try. Raises `ProvisionError`, and OSError for a file that cannot be read.
    """
    with file.open("rb") as stream:
        if is_initialised(client, patience=patience):
            raise ProvisionError(
                f"VAULT_ADDR: {client.address} has data already: stop it, empty its storage, start it, and try again"
            )
        shares = {"recovery_shares": 1, "recovery_threshold": 1}
        token = str(client.write("sys/init", shares)["root_token"])
        wait_until_serving(client, patience=patience)
        client.load("sys/storage/raft/snapshot-force", token, stream)
    deadline = time.monotonic() + patience
    while _knows(client, token):
        if time.monotonic() > deadline:
            raise ProvisionError(f"the snapshot was not in place after {patience:g} s")
        time.sleep(_PAUSE)
    wait_until_serving(client, patience=patience)
    say(f"{file}: loaded")


def _knows(client: VaultClient, token: str) -> bool:
    """Whether the vault is still the one before the snapshot, or between the two."""
    try:
        client.read("auth/token/lookup-self", token)
    except VaultAnswerError as error:
        return error.status != _FORBIDDEN
    return True
