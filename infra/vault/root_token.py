"""The root token: from the day of the initialisation or made from the recovery keys, and never left alive."""

import base64
from collections.abc import Callable
from typing import Final

from infra.provision.errors import ProvisionError
from infra.provision.secrets_folder import SecretsFolder
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.opening import recovery_keys

_FILE: Final = "vault-root-token"
_ATTEMPT = "sys/generate-root/attempt"
_FORBIDDEN = 403


def living(client: VaultClient, secrets: SecretsFolder) -> str | None:
    """The root token in the operator's folder, if it still works; a dead one is removed. Raises `ProvisionError`."""
    token = secrets.read("operator", _FILE)
    if token is None or _is_alive(client, token):
        return token
    secrets.delete("operator", _FILE)
    return None


def from_recovery_keys(
    client: VaultClient, secrets: SecretsFolder, reasons: list[str], say: Callable[[str], None]
) -> str:
    """A new root token, also written into the operator's folder. `reasons`: what it is needed for.

    Raises `ProvisionError` when there are no keys, or the vault makes no root tokens from them.
    """
    needed = f"a root token is needed ({', '.join(reasons)})"
    keys = recovery_keys(secrets)
    if not keys:
        raise ProvisionError(
            f"{needed}: put one into {secrets.path('operator', _FILE)}, or the recovery keys into"
            f" {secrets.path('operator', 'vault-recovery-keys.json')}"
        )
    try:
        client.delete(_ATTEMPT)  # an unfinished attempt, whose one-time password only its beginner has
        begun = client.write(_ATTEMPT, {})
    except VaultAnswerError:
        raise ProvisionError(
            f"{needed}, and the vault makes none from recovery keys: set disable_unauthed_generate_root_endpoints ="
            " false in its listener, restart it, and run this again"
        ) from None
    for key in keys:
        answer = client.write("sys/generate-root/update", {"key": key, "nonce": begun["nonce"]})
        if answer["complete"]:
            token = _decoded(answer["encoded_token"], begun["otp"])
            secrets.replace("operator", _FILE, token)
            say("root token made from the recovery keys")
            return token
    raise ProvisionError(f"{needed}: the recovery keys are too few")


def revoke(client: VaultClient, secrets: SecretsFolder, token: str) -> None:
    """End the token and remove its file. Raises `ProvisionError` when it survives."""
    client.write("auth/token/revoke-self", {}, token)
    if _is_alive(client, token):
        raise ProvisionError("the root token still answers after its revocation")
    secrets.delete("operator", _FILE)


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
