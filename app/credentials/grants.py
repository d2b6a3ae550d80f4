"""The three kinds of credential a tool may ask for. A grant names where it comes from; it holds no secret."""

from dataclasses import dataclass
from typing import ClassVar

from app.credentials.lineage import CredentialKind

#: No credential of a run lives longer than this, in seconds.
MAX_TTL_SECONDS = 15 * 60
#: No run takes longer than this, in seconds.
LONGEST_RUN_SECONDS = 90
#: How long a signed token lives, in seconds. It cannot be revoked, so it lives little longer than a run may take.
SIGNED_TOKEN_SECONDS = 2 * 60


@dataclass(frozen=True, slots=True)
class _VaultRole:
    role: str
    scope: str
    kind: ClassVar[CredentialKind]
    MOUNT: ClassVar[str]

    @property
    def path(self) -> str:
        """The vault path that issues it."""
        return f"{self.MOUNT}/{self.role}"


class SignedToken(_VaultRole):
    """An ES256 JWT whose audience is the tool; the service checks it offline against the vault's key set."""

    kind = CredentialKind.SIGNED_TOKEN
    MOUNT = "identity/oidc/token"


class ApiKey(_VaultRole):
    """An opaque key: a child token that can only look itself up, which is how the service checks it."""

    kind = CredentialKind.API_KEY
    MOUNT = "auth/token/create"


class DatabaseUser(_VaultRole):
    """A database user made for one run; the database itself checks it."""

    kind = CredentialKind.DATABASE_USER
    MOUNT = "database/creds"


Grant = SignedToken | ApiKey | DatabaseUser
