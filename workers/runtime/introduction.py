"""Opens the wrapping token of an attempt, and logs in with the SecretID in it: once each.

A theft is only what the vault says of it in its own words. Whatever else it says, the run waits.
"""

from app.connections.deadline import Deadline
from app.credentials.approle import INCOMPLETE, LOGIN_PATH, MINT_PATH, RunRoleId
from workers.runtime.secret import Secret
from workers.runtime.vault import (
    Vault,
    VaultForbiddenError,
    VaultRefusedError,
    VaultReply,
    VaultUnavailableError,
)

#: The vault's words for a wrapping token that was opened before, has expired, or is none.
_SPENT = "wrapping token is not valid or does not exist"
#: Its words for a login with a SecretID that was used before or destroyed, or with a RoleID that it does not know.
_WRONG_HALF = "invalid role or secret ID"


class IntroductionError(Exception):
    """The wrapping token did not give this run an identity: spent, expired, or made for something else."""


def opened(vault: Vault, wrapping_token: Secret, deadline: Deadline | None) -> Secret:
    """The SecretID in the wrapping token. Raises `IntroductionError` and `VaultUnavailableError`."""
    asked = {"token": wrapping_token.reveal()}
    try:
        made_by = vault.write("sys/wrapping/lookup", asked, repeatable=True, deadline=deadline)
        if (path := made_by.text("data", "creation_path")) != MINT_PATH:
            raise IntroductionError(f"the wrapping token was made by {path}")
    except VaultRefusedError as error:
        raise _not_opened(error, maybe_by_us=False) from None
    try:
        opened = vault.write("sys/wrapping/unwrap", token=wrapping_token, deadline=deadline)
    except VaultRefusedError as error:
        raise _not_opened(error, maybe_by_us=error.repeated) from None
    return Secret(opened.text("data", "secret_id"))


def _not_opened(error: VaultRefusedError, *, maybe_by_us: bool) -> Exception:
    """A theft only if the vault says that the token is spent, and this attempt cannot have spent it."""
    if error.reason == _SPENT and not maybe_by_us:
        return IntroductionError(str(error))
    return VaultUnavailableError(f"it does not open the wrapping token: {error}")


def logged_in(
    vault: Vault, half: str, secret_id: Secret, role_id: RunRoleId, deadline: Deadline | None
) -> VaultReply:
    """The reply to a login with both halves. A wrong RoleID does not use up the SecretID.

    Raises `IntroductionError` if the vault does not know the SecretID, and `VaultUnavailableError` if it does not know
    the RoleID: it is being replaced, or the file is wrong. Also raises `SettingsError`.
    """
    try:
        return _sent(vault, {"role_id": half, "secret_id": secret_id.reveal()}, deadline)
    except IntroductionError:
        newer = role_id.read()
        if newer == half:
            _require_known(vault, half, deadline)
            raise
    return _sent(vault, {"role_id": newer, "secret_id": secret_id.reveal()}, deadline)


def _sent(vault: Vault, login: dict[str, str], deadline: Deadline | None) -> VaultReply:
    """The reply to a login. Raises `IntroductionError` if the vault knows no such RoleID, or no such SecretID of it."""
    try:
        return vault.write(LOGIN_PATH, login, deadline=deadline)
    except VaultForbiddenError as error:
        # A bad SecretID is answered otherwise. The run waits for the agent's entity, or for the login's mount.
        raise VaultUnavailableError(
            f"the agent may not log in: {error}: its entity is disabled, or AppRole is not mounted"
        ) from None
    except VaultRefusedError as error:
        if error.reason == _WRONG_HALF and not error.repeated:
            raise IntroductionError(str(error)) from None
        raise VaultUnavailableError(f"the agent may not log in: {error}") from None


def _require_known(vault: Vault, role_id: str, deadline: Deadline | None) -> None:
    try:
        vault.write(LOGIN_PATH, {"role_id": role_id}, repeatable=True, deadline=deadline)
    except VaultRefusedError as error:
        if error.reason == INCOMPLETE:
            return
        known = "it does not know the RoleID in RUN_ROLE_ID_FILE"
        raise VaultUnavailableError(
            known if error.reason == _WRONG_HALF else f"the agent may not log in: {error}"
        ) from None
