"""Opens the wrapping token of an attempt, and logs in with the SecretID in it: once each.

A theft is only what the vault says of it in its own words. Whatever else it says, the run waits.
"""

from app.connections.deadline import Deadline
from app.credentials.approle import LOGIN_PATH, MINT_PATH, RunRoleId
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


class Introduction:
    """The two steps by which an attempt gets its identity. Both raise `IntroductionError` and `VaultUnavailableError`."""

    def __init__(self, vault: Vault, role_id: RunRoleId, deadline: Deadline | None) -> None:
        """`role_id` is the other half of the login; `deadline` is the run's."""
        self._vault = vault
        self._role_id = role_id
        self._deadline = deadline

    def secret_id(self, wrapping_token: Secret) -> Secret:
        """The SecretID in the wrapping token, which is spent then."""
        lookup = {"token": wrapping_token.reveal()}
        try:
            made = self._vault.write("sys/wrapping/lookup", lookup, repeatable=True, deadline=self._deadline)
            if (path := made.text("data", "creation_path")) != MINT_PATH:
                raise IntroductionError(f"the wrapping token was made by {path}")
        except VaultRefusedError as error:
            raise self._not_opened(error) from None
        try:
            opened = self._vault.write(
                "sys/wrapping/unwrap", token=wrapping_token, once=True, deadline=self._deadline
            )
        except VaultRefusedError as error:
            raise self._not_opened(error) from None
        return Secret(opened.text("data", "secret_id"))

    def login(self, half: str, secret_id: Secret) -> VaultReply:
        """The reply to a login with both halves. A wrong RoleID does not use up the SecretID. Raises `SettingsError`."""
        try:
            return self._sent(half, secret_id)
        except IntroductionError:
            newer = self._role_id.read()
            if newer == half:
                self._require_known(half)
                raise
        return self._sent(newer, secret_id)

    def _not_opened(self, error: VaultRefusedError) -> Exception:
        """A theft only if the vault says that the token is spent, and no loss of its own explains it."""
        if error.reason != _SPENT:
            return VaultUnavailableError(f"it does not open the wrapping token: {error}")
        # Without its logins, or after the loss of its storage, a vault has forgotten all wrapping tokens.
        self._require_known(self._role_id.read())
        return IntroductionError(str(error))

    def _sent(self, half: str, secret_id: Secret) -> VaultReply:
        login = {"role_id": half, "secret_id": secret_id.reveal()}
        try:
            return self._vault.write(LOGIN_PATH, login, once=True, deadline=self._deadline)
        except VaultForbiddenError as error:
            # A bad SecretID is answered otherwise. The run waits for the agent's entity, or for the login's mount.
            raise VaultUnavailableError(
                f"the agent may not log in: {error}: its entity is disabled, or AppRole is not mounted"
            ) from None
        except VaultRefusedError as error:
            if error.reason == _WRONG_HALF:
                raise IntroductionError(str(error)) from None
            raise VaultUnavailableError(f"the agent may not log in: {error}") from None

    def _require_known(self, role_id: str) -> None:
        """Raise `VaultUnavailableError` if the vault says that it does not know this RoleID, or no AppRole at all."""
        login = {"role_id": role_id}
        try:
            self._vault.write(LOGIN_PATH, login, repeatable=True, deadline=self._deadline)
        except VaultForbiddenError as error:
            raise VaultUnavailableError(
                f"the agent may not log in: {error}: AppRole is not mounted"
            ) from None
        except VaultRefusedError as error:
            if error.reason == _WRONG_HALF:
                raise VaultUnavailableError("it does not know the RoleID in RUN_ROLE_ID_FILE") from None
        except VaultUnavailableError:
            return  # what it has said before stands
