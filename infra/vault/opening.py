"""A vault from wherever it stands, not yet initialised or sealed, to one that serves."""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from infra.provision.errors import ProvisionError
from infra.provision.secrets_folder import SecretsFolder
from infra.vault.client import VaultClient, VaultSilentError

Say = Callable[[str], None]

_KEYS: Final = "vault-recovery-keys.json"
_ACTIVE, _STANDBY = 200, 429
#: Seconds after which a standby is one among others; a node alone is one for a moment after its start, and refuses.
_SETTLED = 10.0
_PAUSE = 0.1  # seconds between two looks


def is_initialised(client: VaultClient, *, patience: float) -> bool:
    """Whether the vault has storage of its own; waits `patience` seconds for it to answer. Raises `ProvisionError`."""
    return bool(_first_answer(client, patience)["initialized"])


def open_vault(client: VaultClient, secrets: SecretsFolder, *, patience: float, say: Say) -> None:
    """Initialise a new vault, unseal one that does not unseal itself, and wait until it serves.

    The keys and the root token are in the operator's folder before anything else is done with them. Waits
    `patience` seconds at most. Raises `ProvisionError` when the vault stays sealed or silent.
    """
    status = _first_answer(client, patience)
    if not status["initialized"]:
        _initialise(client, secrets, unseals_itself=status["recovery_seal"])
        say("initialised")
        status = _first_answer(client, patience)
    _separate(secrets)
    if status["sealed"] and not status["recovery_seal"]:
        _unseal(client, secrets, status["t"])
        say("unsealed")
    wait_until_serving(client, patience=patience)


def wait_until_serving(client: VaultClient, *, patience: float) -> None:
    """Wait `patience` seconds at most until an unsealed vault carries out requests. Raises `ProvisionError`."""
    began = time.monotonic()
    while (health := client.health()) != _ACTIVE:
        waited = time.monotonic() - began
        if health == _STANDBY and waited > _SETTLED:
            return  # it hands on what it is asked
        if waited > patience:
            state = "sealed" if client.seal_status()["sealed"] else f"not ready (HTTP {health})"
            raise ProvisionError(f"VAULT_ADDR: {client.address} is {state}, after {patience:g} s still")
        time.sleep(_PAUSE)


def _first_answer(client: VaultClient, patience: float) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while True:
        try:
            return client.seal_status()
        except VaultSilentError as silent:
            if time.monotonic() > deadline or silent.is_final:
                raise
            time.sleep(_PAUSE)


def _initialise(client: VaultClient, secrets: SecretsFolder, *, unseals_itself: bool) -> None:
    kind = "recovery" if unseals_itself else "secret"
    made = client.write("sys/init", {f"{kind}_shares": 1, f"{kind}_threshold": 1})
    keys = made["recovery_keys_base64"] if unseals_itself else made["keys_base64"]
    both = {"keys": keys, "root_token": made["root_token"]}
    secrets.replace("operator", _KEYS, json.dumps(both))


def _separate(secrets: SecretsFolder) -> None:
    """Give the root token its own file: it came into that of the keys, so that neither is ever there alone."""
    kept = _kept(secrets)
    token = kept.pop("root_token", None)
    if token is not None:
        secrets.replace("operator", "vault-root-token", token)
        secrets.replace("operator", _KEYS, json.dumps(kept))


def recovery_keys(secrets: SecretsFolder) -> list[str]:
    """The keys from the day of the initialisation; none when somebody has taken the file away."""
    return list(_kept(secrets).get("keys", ()))


def _kept(secrets: SecretsFolder) -> dict[str, Any]:
    try:
        return dict(json.loads(secrets.read("operator", _KEYS) or "{}"))
    except (ValueError, TypeError):
        raise ProvisionError(f"{secrets.path('operator', _KEYS)} holds no JSON object") from None


def _unseal(client: VaultClient, secrets: SecretsFolder, threshold: int) -> None:
    keys = recovery_keys(secrets)
    if len(keys) < threshold:
        raise ProvisionError(
            f"VAULT_ADDR: {client.address} is sealed: unseal it with `bao operator unseal`, or put its keys into"
            f" {secrets.path('operator', _KEYS)}"
        )
    for key in keys[:threshold]:
        client.write("sys/unseal", {"key": key})
