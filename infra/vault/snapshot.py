"""Snapshots of the vault's storage: taken while it runs, loaded into a new vault with the same seal key."""

import time
from pathlib import Path

from infra.reporting import ProvisionError, Say
from infra.secrets_folder import SecretsFolder, draft
from infra.vault import secret_ids
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.opening import is_initialised, wait_until_serving
from infra.vault.owners import BACKUP

_FORBIDDEN = 403
_POLL = 0.1


def save_snapshot(client: VaultClient, folder: SecretsFolder, file: Path, say: Say) -> None:
    """Write a snapshot to `file`, with the identity of the backup. The file is complete or missing.

    Raises `ProvisionError`, and OSError if the file cannot be written.
    """
    token = secret_ids.must_log_in(client, folder, BACKUP)
    with draft(file) as stream:
        size = client.save("sys/storage/raft/snapshot", token, stream)
    say(f"{file}: written, {size} bytes")


def load_snapshot(client: VaultClient, file: Path, say: Say, *, patience: float) -> None:
    """Load a snapshot into a vault that is not initialised yet, and wait until the vault serves.

    Afterwards the keys and tokens of the snapshot are valid, not those of the new vault. If interrupted, empty the
    storage before another try. Raises `ProvisionError`, and OSError if the file cannot be read.
    """
    with file.open("rb") as stream:
        if is_initialised(client, patience=patience):
            raise ProvisionError(
                f"VAULT_ADDR: {client.address} already holds data: stop it, empty its storage, start it and try again"
            )
        shares = {"recovery_shares": 1, "recovery_threshold": 1}
        token = client.write("sys/init", shares).text("root_token")
        wait_until_serving(client, patience=patience)
        client.load("sys/storage/raft/snapshot-force", token, stream)
    deadline = time.monotonic() + patience
    while _accepts(client, token):
        if time.monotonic() > deadline:
            raise ProvisionError(f"the snapshot was not in place after {patience:g} s")
        time.sleep(_POLL)
    wait_until_serving(client, patience=patience)
    say(f"{file}: loaded")


def _accepts(client: VaultClient, token: str) -> bool:
    """Whether the snapshot is not in place yet: the token of the new vault is unknown to it."""
    try:
        client.read("auth/token/lookup-self", token)
    except VaultAnswerError as error:
        return error.status != _FORBIDDEN
    return True
