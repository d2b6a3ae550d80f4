"""One attempt's identity: introduced by a wrapped SecretID, it issues a credential for each tool and ends with all of them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.connections.secret_files import SettingsError
from app.credentials.approle import INCOMPLETE, LOGIN_PATH, MINT_PATH, RunRoleId
from app.credentials.grants import MAX_TTL_SECONDS, ApiKey, DatabaseUser, Grant, SignedToken
from app.credentials.lineage import IssuedCredential, RunIdentity
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultForbiddenError, VaultRefusedError, VaultUnavailableError


class IntroductionError(Exception):
    """The wrapping token did not give this run an identity: spent, expired, or made for something else."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential with its secret, between issue and revoke."""

    secret: Secret
    record: IssuedCredential


class RunSession:
    """Holds the run token."""

    def __init__(self, vault: Vault, token: Secret, identity: RunIdentity) -> None:
        self._vault = vault
        self._token = token
        self.identity = identity

    def issue(self, tool: str, grant: Grant) -> Issued:
        """A fresh credential for `tool`. Raises `VaultRefusedError` when policy says no."""
        run = self.identity
        accessor = lease_id = service_user = None
        match grant:
            case ApiKey():
                meta = {"run_id": str(run.run_id), "attempt": str(run.attempt), "tool": tool}
                answer = self._vault.write(grant.path, {"meta": meta}, self._token)
                secret, seconds = Secret(answer["auth"]["client_token"]), answer["auth"]["lease_duration"]
                accessor = answer["auth"]["accessor"]
            case SignedToken():
                answer = self._vault.read(grant.path, self._token)
                secret, seconds = Secret(answer["data"]["token"]), answer["data"]["ttl"]
            case DatabaseUser():
                answer = self._vault.read(grant.path, self._token)
                secret, seconds = Secret(answer["data"]["password"]), answer["lease_duration"]
                lease_id, service_user = answer["lease_id"], answer["data"]["username"]
        if seconds > MAX_TTL_SECONDS:
            raise VaultRefusedError(
                f"issued for {seconds} s, but no credential may outlive {MAX_TTL_SECONDS} s"
            )
        now = datetime.now(UTC)
        record = IssuedCredential(
            credential_id=uuid4(),
            tool=tool,
            kind=grant.kind,
            vault_path=grant.path,
            policy=run.policy,
            scope=grant.scope,
            request_id=answer["request_id"],
            fingerprint=secret.fingerprint(),
            issued_at=now,
            expires_at=now + timedelta(seconds=seconds),
            accessor=accessor,
            lease_id=lease_id,
            service_user=service_user,
        )
        return Issued(secret, record)

    def revoke(self) -> None:
        """End the run token, and with it API keys and database users.

        Raises `VaultUnavailableError`, and `VaultRefusedError` when the token is dead already or its entity is
        disabled; enabled again, the entity would revive it.
        """
        self._vault.write("auth/token/revoke-self", token=self._token)


@contextmanager
def introduced(
    vault: Vault, wrapping_token: Secret, *, role_id: RunRoleId, run_id: UUID, attempt: int
) -> Iterator[RunSession]:
    """A session for this attempt, revoked however the block ends. `role_id` is the other half of the login.

    Raises `IntroductionError` when the wrapping token is spent, expired, made elsewhere or another run's, and
    `VaultUnavailableError` while no login is possible. Whether the vault has revoked it is for the sweeper to find out.
    """
    try:
        session = _log_in(vault, wrapping_token, role_id, run_id=run_id, attempt=attempt)
    except SettingsError as error:
        # The file was in order when this process started, and may be again in a moment.
        raise VaultUnavailableError(str(error)) from None
    try:
        yield session
    finally:
        with suppress(VaultUnavailableError, VaultRefusedError):
            session.revoke()


def _log_in(
    vault: Vault, wrapping_token: Secret, role_id: RunRoleId, *, run_id: UUID, attempt: int
) -> RunSession:
    try:
        half = role_id.read()  # before the other half is used up
        wrapped = vault.write("sys/wrapping/lookup", {"token": wrapping_token.reveal()})["data"]
        if wrapped["creation_path"] != MINT_PATH:
            raise IntroductionError(f"the wrapping token was made by {wrapped['creation_path']}")
        secret_id = Secret(vault.write("sys/wrapping/unwrap", token=wrapping_token)["data"]["secret_id"])
    except VaultRefusedError as error:
        raise IntroductionError(str(error)) from None
    requested_at = datetime.now(UTC)
    try:
        login = _joined(vault, half, secret_id, role_id)
    except VaultForbiddenError as error:
        # A bad SecretID is answered otherwise: this is the agent's entity, disabled. The run waits for it.
        raise VaultUnavailableError(f"the agent may not log in: {error}") from None
    except VaultRefusedError as error:
        raise IntroductionError(str(error)) from None
    auth = login["auth"]
    session = RunSession(
        vault,
        Secret(auth["client_token"]),
        RunIdentity(
            run_id=run_id,
            attempt=attempt,
            entity_id=auth["entity_id"],
            policy=",".join(auth["token_policies"]),
            login_request_id=login["request_id"],
            token_accessor=auth["accessor"],
            issued_at=requested_at,
            expires_at=requested_at + timedelta(seconds=auth["lease_duration"]),
        ),
    )
    bound = auth["metadata"]
    if (bound.get("run_id"), bound.get("attempt")) != (str(run_id), str(attempt)):
        with suppress(VaultRefusedError):
            session.revoke()
        raise IntroductionError(
            f"the identity is bound to run {bound.get('run_id')} attempt {bound.get('attempt')}"
        )
    return session


def _joined(vault: Vault, half: str, secret_id: Secret, role_id: RunRoleId) -> Any:
    """The answer to a login with both halves. A wrong RoleID does not use up the SecretID.

    Raises `VaultUnavailableError` if the vault does not know the RoleID: it is being replaced, or the file is wrong.
    """
    try:
        return vault.write(LOGIN_PATH, {"role_id": half, "secret_id": secret_id.reveal()})
    except VaultForbiddenError:
        raise
    except VaultRefusedError:
        newer = role_id.read()
        if newer == half:
            _require_known(vault, half)
            raise
    return vault.write(LOGIN_PATH, {"role_id": newer, "secret_id": secret_id.reveal()})


def _require_known(vault: Vault, role_id: str) -> None:
    try:
        vault.write(LOGIN_PATH, {"role_id": role_id})
    except VaultRefusedError as error:
        if str(error) != INCOMPLETE:
            raise VaultUnavailableError("it does not know the RoleID in RUN_ROLE_ID_FILE") from None
