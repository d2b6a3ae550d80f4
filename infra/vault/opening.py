"""Initialises and unseals a vault, and takes care that no root token outlives its use."""

import base64
import json
import time
from typing import Any

from infra.reporting import ProvisionError, Say
from infra.secrets_folder import SecretsFolder
from infra.vault.client import ProvisionReply, VaultAnswerError, VaultClient, VaultSilentError

_KEYS = "vault-recovery-keys.json"
_ROOT_TOKEN = "vault-root-token"  # noqa: S105 - the name of a file
_GENERATION = "sys/generate-root/attempt"
_ACTIVE, _STANDBY, _FORBIDDEN = 200, 429, 403
#: Seconds after which a standby counts as ready. A single node is a standby just after its start, and refuses requests.
_SETTLED = 10.0
_POLL = 0.1


def is_initialised(client: VaultClient, *, patience: float) -> bool:
    """Whether the vault has been initialised; waits up to `patience` seconds for an answer. Raises `ProvisionError`."""
    return bool(_first_answer(client, patience)["initialized"])


def open_vault(client: VaultClient, secrets: SecretsFolder, *, patience: float, say: Say) -> None:
    """Initialise a new vault, unseal one that does not unseal itself, and wait until it serves.

    The keys and the root token are written into the operator's folder before they are used. Waits up to `patience`
    seconds. Raises `ProvisionError` if the vault stays sealed or does not answer.
    """
    status = _first_answer(client, patience)
    if not status["initialized"]:
        _initialise(client, secrets, unseals_itself=status["recovery_seal"])
        say("initialised")
        status = _first_answer(client, patience)
    _separate_root_token(secrets)
    if status["sealed"] and not status["recovery_seal"]:
        _unseal(client, secrets, status.number("t"))
        say("unsealed")
    wait_until_serving(client, patience=patience)


def wait_until_serving(client: VaultClient, *, patience: float) -> None:
    """Wait up to `patience` seconds until an unsealed vault serves requests. Raises `ProvisionError`."""
    began = time.monotonic()
    while (health := client.health()) != _ACTIVE:
        waited = time.monotonic() - began
        if health == _STANDBY and waited > _SETTLED:
            return  # it forwards requests to the active node
        if waited > patience:
            state = "sealed" if client.seal_status()["sealed"] else f"not ready (HTTP {health})"
            raise ProvisionError(f"VAULT_ADDR: {client.address} is still {state} after {patience:g} s")
        time.sleep(_POLL)


def _first_answer(client: VaultClient, patience: float) -> ProvisionReply:
    deadline = time.monotonic() + patience
    while True:
        try:
            return client.seal_status()
        except VaultSilentError as silent:
            if time.monotonic() > deadline or silent.is_final:
                raise
            time.sleep(_POLL)


def _initialise(client: VaultClient, secrets: SecretsFolder, *, unseals_itself: bool) -> None:
    kind = "recovery" if unseals_itself else "secret"
    answer = client.write("sys/init", {f"{kind}_shares": 1, f"{kind}_threshold": 1})
    keys = answer.texts("recovery_keys_base64" if unseals_itself else "keys_base64")
    both = {"keys": keys, "root_token": answer.text("root_token")}
    secrets.replace("operator", _KEYS, json.dumps(both))


def _separate_root_token(secrets: SecretsFolder) -> None:
    """Move the root token to a file of its own. It was written together with the keys, so that neither can be lost."""
    content = _key_file(secrets)
    token = content.pop("root_token", None)
    if token is not None:
        secrets.replace("operator", _ROOT_TOKEN, token)
        secrets.replace("operator", _KEYS, json.dumps(content))


def _recovery_keys(secrets: SecretsFolder) -> list[str]:
    """The keys from the initialisation; an empty list if the file has been taken away."""
    return list(_key_file(secrets).get("keys", ()))


def _key_file(secrets: SecretsFolder) -> dict[str, Any]:
    try:
        return dict(json.loads(secrets.read("operator", _KEYS) or "{}"))
    except (ValueError, TypeError):
        raise ProvisionError(f"{secrets.path('operator', _KEYS)} holds no JSON object") from None


def _unseal(client: VaultClient, secrets: SecretsFolder, threshold: int) -> None:
    keys = _recovery_keys(secrets)
    if len(keys) < threshold:
        raise ProvisionError(
            f"VAULT_ADDR: {client.address} is sealed: unseal it with `bao operator unseal`, or put its keys into"
            f" {secrets.path('operator', _KEYS)}"
        )
    for key in keys[:threshold]:
        client.write("sys/unseal", {"key": key})


def living_root_token(client: VaultClient, secrets: SecretsFolder) -> str | None:
    """The root token in the operator's folder; a dead one is deleted. Raises `ProvisionError`."""
    token = secrets.read("operator", _ROOT_TOKEN)
    if token is None or _is_alive(client, token):
        return token
    secrets.delete("operator", _ROOT_TOKEN)
    return None


def generate_root_token(client: VaultClient, secrets: SecretsFolder, reasons: list[str], say: Say) -> str:
    """A new root token, made from the recovery keys and written into the operator's folder.

    `reasons` say what it is needed for. Raises `ProvisionError` if there are no keys, or the vault refuses them.
    """
    needed = f"a root token is needed ({', '.join(reasons)})"
    keys = _recovery_keys(secrets)
    if not keys:
        raise ProvisionError(
            f"{needed}: put one into {secrets.path('operator', _ROOT_TOKEN)}, or the recovery keys into"
            f" {secrets.path('operator', _KEYS)}"
        )
    try:
        client.delete(_GENERATION)  # an unfinished attempt, whose one-time password is lost
        attempt = client.write(_GENERATION, {})
    except VaultAnswerError:
        raise ProvisionError(
            f"{needed}, and the vault makes none from recovery keys: set disable_unauthed_generate_root_endpoints ="
            " false in its listener, restart it, and run this again"
        ) from None
    for key in keys:
        answer = client.write("sys/generate-root/update", {"key": key, "nonce": attempt.text("nonce")})
        if answer.get("complete"):
            token = _decoded(answer.text("encoded_token"), attempt.text("otp"))
            secrets.replace("operator", _ROOT_TOKEN, token)
            say("root token made from the recovery keys")
            return token
    raise ProvisionError(f"{needed}: the recovery keys are too few")


def revoke_root_token(client: VaultClient, secrets: SecretsFolder, token: str) -> None:
    """Revoke the token and delete its file. Raises `ProvisionError` if it survives."""
    client.write("auth/token/revoke-self", {}, token)
    if _is_alive(client, token):
        raise ProvisionError("the root token still answers after its revocation")
    secrets.delete("operator", _ROOT_TOKEN)


def _is_alive(client: VaultClient, token: str) -> bool:
    try:
        client.read("auth/token/lookup-self", token)
    except VaultAnswerError as error:
        if error.status != _FORBIDDEN:
            raise
        return False
    return True


def _decoded(encoded: str, one_time_password: str) -> str:
    secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return bytes(a ^ b for a, b in zip(secret, one_time_password.encode("ascii"), strict=True)).decode(
        "ascii"
    )
