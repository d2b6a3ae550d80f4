"""AppRole: the role of the runs, and logins whose file a rotation replaces."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from app.connections.secret_files import read_identity, read_secret

#: The name of the runs' AppRole. Its RoleID is random, and only workers have it.
RUN_ROLE = "triage-run"
LOGIN_PATH = "auth/approle/login"
MINT_PATH = f"auth/approle/role/{RUN_ROLE}/secret-id"
DESTROY_PATH = f"{MINT_PATH}-accessor/destroy"

#: What the vault says to a login without a SecretID if it knows the RoleID.
INCOMPLETE = "missing secret_id"

Token = TypeVar("Token")


class RunRoleId:
    """The RoleID of runs: one half of their login. It is read for each login, and kept nowhere."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> str:
        """The RoleID. Raises `SettingsError`."""
        return read_secret(self._file, setting="RUN_ROLE_ID_FILE")


class ProcessLogin(Generic[Token]):
    """The vault token of one process. A token lives 15 minutes at most and is replaced, never renewed."""

    def __init__(
        self,
        file: Path,
        log_in: Callable[[dict[str, str]], tuple[Token, float]],
        *,
        refused: type[Exception],
        what: str,
    ) -> None:
        """`file` holds the AppRole. `log_in` sends it to `what` ("the vault").

        It returns the token and its TTL in seconds, and raises `refused` when the vault refuses the AppRole.
        """
        self._file = file
        self._log_in = log_in
        self._refused = refused
        self._what = what
        self._token: Token | None = None
        self._replace_at = 0.0

    def token(self) -> Token:
        """A token with at least a fifth of its life left. Raises `SettingsError` and what `log_in` raises."""
        token = self._token
        if token is None or time.monotonic() >= self._replace_at:
            token, seconds = self._fresh()
            self._replace_at = time.monotonic() + 0.8 * seconds
            self._token = token
        return token

    def forget(self, token: Token) -> None:
        """Log in again before the next use, unless another thread has: the vault does not accept this token."""
        if self._token is token:
            self._token = None

    def _fresh(self) -> tuple[Token, float]:
        identity = read_identity(self._file)
        try:
            return self._log_in(identity)
        except self._refused as error:
            # A rotation may have replaced the file in between, and revoked the SecretID that was in it.
            newer = read_identity(self._file)
            if newer != identity:
                return self._log_in(newer)
            raise self._refused(
                f"{self._what} refuses the login in VAULT_IDENTITY_FILE, {self._file} ({error})"
            ) from None
