"""One attempt's identity: introduced by a wrapped SecretID, it issues a credential for each tool and ends with all of them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from app.connections.deadline import Deadline
from app.connections.secret_files import SettingsError
from app.credentials.approle import RunRoleId
from app.credentials.grants import MAX_TTL_SECONDS, ApiKey, DatabaseUser, Grant, SignedToken
from app.credentials.lineage import IssuedCredential, RunIdentity
from workers.runtime.introduction import Introduction, IntroductionError
from workers.runtime.secret import Secret
from workers.runtime.vault import (
    Vault,
    VaultForbiddenError,
    VaultRefusedError,
    VaultUnavailableError,
)

__all__ = ["IntroductionError", "Issued", "RunSession", "introduced"]

#: The vault's words for a role that an operator has taken away, one for each kind of credential.
_NO_ROLE = re.compile(r"unknown role:? .+|role .+ not found")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential with its secret, between issue and revoke."""

    secret: Secret
    record: IssuedCredential


class RunSession:
    """Holds the run token."""

    def __init__(
        self, vault: Vault, token: Secret, identity: RunIdentity, *, deadline: Deadline | None = None
    ) -> None:
        """`deadline` is the run's: no credential is waited for any longer."""
        self._vault = vault
        self._token = token
        self._deadline = deadline
        self.identity = identity

    def issue(self, tool: str, grant: Grant) -> Issued:
        """A fresh credential for `tool`.

        Raises `VaultRefusedError` when policy says no or the role was taken away, else `VaultUnavailableError`.
        """
        try:
            return self._issue(tool, grant)
        except VaultForbiddenError:
            raise
        except VaultRefusedError as error:
            if _NO_ROLE.fullmatch(error.reason):
                raise
            raise VaultUnavailableError(f"it cannot issue from {grant.path}: {error}") from None

    def _issue(self, tool: str, grant: Grant) -> Issued:
        run = self.identity
        accessor = lease_id = service_user = None
        match grant:
            case ApiKey():
                meta = {"run_id": str(run.run_id), "attempt": str(run.attempt), "tool": tool}
                reply = self._vault.write(grant.path, {"meta": meta}, self._token, deadline=self._deadline)
                secret, seconds = reply.text("auth", "client_token"), reply.number("auth", "lease_duration")
                accessor = reply.text("auth", "accessor")
            case SignedToken():
                reply = self._vault.read(grant.path, self._token, deadline=self._deadline)
                secret, seconds = reply.text("data", "token"), reply.number("data", "ttl")
            case DatabaseUser():
                reply = self._vault.read(grant.path, self._token, deadline=self._deadline)
                secret, seconds = reply.text("data", "password"), reply.number("lease_duration")
                lease_id, service_user = reply.text("lease_id"), reply.text("data", "username")
        if seconds > MAX_TTL_SECONDS:
            raise VaultUnavailableError(
                f"{grant.path} issues for {seconds} s, but no credential may outlive {MAX_TTL_SECONDS} s: provision the"
                " vault"
            )
        now = datetime.now(UTC)
        held = Secret(secret)
        record = IssuedCredential(
            credential_id=uuid4(),
            tool=tool,
            kind=grant.kind,
            vault_path=grant.path,
            policy=run.policy,
            scope=grant.scope,
            request_id=reply.text("request_id"),
            fingerprint=held.fingerprint(),
            issued_at=now,
            expires_at=now + timedelta(seconds=seconds),
            accessor=accessor,
            lease_id=lease_id,
            service_user=service_user,
        )
        return Issued(held, record)

    def revoke(self) -> None:
        """End the run token, and with it API keys and database users.

        Raises `VaultUnavailableError`, and `VaultRefusedError` when the token is dead already or its entity is
        disabled; enabled again, the entity would revive it.
        """
        self._vault.write("auth/token/revoke-self", token=self._token, repeatable=True)


@contextmanager
def introduced(
    vault: Vault,
    wrapping_token: Secret,
    *,
    role_id: RunRoleId,
    run_id: UUID,
    attempt: int,
    deadline: Deadline | None = None,
) -> Iterator[RunSession]:
    """A session for this attempt, revoked however the block ends. `role_id` is the other half of the login.

    `deadline` is the run's; the revocation has its own. Raises `IntroductionError` when the wrapping token is spent,
    expired, made elsewhere or another run's, and `VaultUnavailableError` while no login is possible. Whether the vault
    has revoked it is for the sweeper to find out.
    """
    try:
        session = _log_in(vault, wrapping_token, role_id, run_id=run_id, attempt=attempt, deadline=deadline)
    except SettingsError as error:
        # The file was in order when this process started, and may be again in a moment.
        raise VaultUnavailableError(str(error)) from None
    try:
        yield session
    finally:
        with suppress(VaultUnavailableError, VaultRefusedError):
            session.revoke()


def _log_in(
    vault: Vault,
    wrapping_token: Secret,
    role_id: RunRoleId,
    *,
    run_id: UUID,
    attempt: int,
    deadline: Deadline | None,
) -> RunSession:
    half = role_id.read()  # before the other half is used up
    introduction = Introduction(vault, role_id, deadline)
    secret_id = introduction.secret_id(wrapping_token)
    requested_at = datetime.now(UTC)
    login = introduction.login(half, secret_id)
    token = Secret(login.text("auth", "client_token"))
    try:
        identity = RunIdentity(
            run_id=run_id,
            attempt=attempt,
            entity_id=login.text("auth", "entity_id"),
            policy=",".join(login.texts("auth", "token_policies")),
            login_request_id=login.text("request_id"),
            token_accessor=login.text("auth", "accessor"),
            issued_at=requested_at,
            expires_at=requested_at + timedelta(seconds=login.number("auth", "lease_duration")),
        )
        _require_bound(login.mapping("auth", "metadata"), identity)
    except (IntroductionError, VaultUnavailableError):
        with suppress(VaultUnavailableError, VaultRefusedError):
            vault.write("auth/token/revoke-self", token=token, repeatable=True)
        raise
    return RunSession(vault, token, identity, deadline=deadline)


def _require_bound(bound: Mapping[str, str], identity: RunIdentity) -> None:
    if (bound.get("run_id"), bound.get("attempt")) != (str(identity.run_id), str(identity.attempt)):
        run_id, attempt = (str(bound.get(name))[:_LONGEST_NAME] for name in ("run_id", "attempt"))
        raise IntroductionError(f"the identity is bound to run {run_id!a} attempt {attempt!a}")
