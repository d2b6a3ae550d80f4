"""The three kinds of credential a tool may ask for. A grant names where it comes from; it holds no secret."""

from dataclasses import dataclass

from app.credentials.lineage import CredentialKind

#: No credential of a run lives longer than this, in seconds.
MAX_TTL_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class SignedToken:
    """An ES256 JWT whose audience is the tool; the service checks it offline against the vault's key set."""

    role: str
    scope: str
    kind = CredentialKind.SIGNED_TOKEN

    @property
    def path(self) -> str:
        """The vault path that issues it."""
        return f"identity/oidc/token/{self.role}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An opaque key: a child token that can only look itself up, which is how the service checks it."""

    role: str
    scope: str
    kind = CredentialKind.API_KEY

    @property
    def path(self) -> str:
        """The vault path that issues it."""
        return f"auth/token/create/{self.role}"


@dataclass(frozen=True, slots=True)
class DatabaseUser:
    """A database user made for one run; the database itself checks it."""

    role: str
    scope: str
    kind = CredentialKind.DATABASE_USER

    @property
    def path(self) -> str:
        """The vault path that issues it."""
        return f"database/creds/{self.role}"


Grant = SignedToken | ApiKey | DatabaseUser
