"""Everything a process is told from outside, read once from the environment into one frozen object."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.connections.addresses import BrokerAddress, DatabaseAddress, HttpAddress
from app.connections.secret_files import SettingsError
from app.procurement.rules import RULES

__all__ = ("MAX_TTL_SECONDS", "HttpAddress", "Settings", "SettingsError", "load")

#: No credential of a run lives longer than this, in seconds.
MAX_TTL_SECONDS = 15 * 60


def _known_rules(value: frozenset[str]) -> frozenset[str]:
    unknown = sorted(value - {rule.id for rule in RULES})
    if unknown:
        raise ValueError(f"no rule is called {', '.join(map(repr, unknown))}")
    return value


RuleIds = Annotated[frozenset[str], AfterValidator(_known_rules)]


class Settings(BaseSettings):
    """Settings of one process.

    Each process sets only what it needs; reading one that was not set raises `SettingsError` through `need`.
    Secrets are never values here, only names of files (see `app.connections.secret_files`).
    """

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    #: PEM of the authorities believed for every TLS connection, in place of the system's; and, where servers ask who
    #: connects, the certificate and the key of this process.
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None

    #: The vault, and a secret file with the AppRole of a process that has one; read anew at every login.
    vault_addr: HttpAddress | None = None
    vault_identity_file: Path | None = None
    #: The vault's own audit log, a file to be read with those that rotation left beside it; with wildcards where several
    #: servers write one each. Pages without it say that they cannot tell what the vault logged.
    vault_audit_log: Path | None = None
    #: PostgreSQL with the role of the process, and a secret file with its password, read anew at every connection.
    database_url: DatabaseAddress | None = None
    database_password_file: Path | None = None
    #: The broker with the user of the process, and a secret file with its password.
    redis_url: BrokerAddress | None = None
    redis_password_file: Path | None = None

    #: The five systems asked. The ledger is PostgreSQL; each run brings its own user.
    sam_gov_url: HttpAddress | None = None
    debarment_url: HttpAddress | None = None
    contracts_url: HttpAddress | None = None
    documents_url: HttpAddress | None = None
    ledger_url: DatabaseAddress | None = None

    #: The identity provider, by the address its tokens carry as `iss`, and what it calls this application.
    oidc_issuer: HttpAddress | None = None
    #: Where this server reaches the provider, when that is not the issuer's address.
    oidc_address: HttpAddress | None = None
    oidc_client_id: str | None = None
    #: Where browsers reach the pages. The provider sends people back there and nowhere else.
    web_address: HttpAddress | None = None
    #: Reverse proxies in front of the pages: that many entries at the end of `X-Forwarded-For` are believed.
    trusted_proxies: int = Field(default=0, ge=0, le=8)
    #: What the pages show of themselves where they serve TLS: certificate chain and key, in PEM.
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    #: A file a background process touches while all is well.
    health_file: Path | None = None
    #: A secret file with what CSRF tokens are signed with: at least 32 characters, the same for all web processes.
    web_key_file: Path | None = None
    #: A secret file with a JWK Set: the key that signs exports, then public halves of those that did before.
    export_key_file: Path | None = None
    #: Seconds until an unused session of the pages ends, and until any ends (NIST SP 800-63B, AAL3: 15 min, 12 h).
    session_idle: int = Field(default=15 * 60, ge=120, le=3600)
    session_lifetime: int = Field(default=12 * 3600, ge=120, le=24 * 3600)
    #: Sign-ins begun from one address, and writes, exports and calls of the JSON interface by one person, that are
    #: answered per minute. The rest get HTTP 429.
    sign_ins_per_minute: int = Field(default=60, ge=1)
    writes_per_minute: int = Field(default=120, ge=1)
    exports_per_minute: int = Field(default=60, ge=1)
    api_calls_per_minute: int = Field(default=600, ge=1)

    #: Whether pages and exports say that this is a demonstration. The mark is in what is signed.
    demo: bool = True
    #: Which FAR a page cites first: the 2025 overhaul most agencies work under, or the codified text. Both are stored.
    far: Literal["rfo", "codified"] = "rfo"
    #: Rules whose flags are settled only when a second officer concurs; as a JSON list, which may be empty. What
    #: waits for one already goes on waiting when the list changes.
    second_person: RuleIds = frozenset({"E01", "F03"})
    #: What the checks take for now: the time of the run, or the action's own day, whatever day it is. Scenarios with
    #: known answers are written for the latter. How old an answer is cannot be told then.
    judged_on: Literal["run", "action"] = "run"
    #: Attempts handed to the broker and not yet finished, at most. More wait in PostgreSQL.
    dispatch_window: int = Field(default=16, ge=1, le=1000)
    #: Seconds a wrapped SecretID may wait in the queue. Policy allows 10 s to 30 min.
    wrapping_ttl: int = Field(default=300, ge=10, le=1800)
    #: Seconds after which an attempt that has not reported counts as lost.
    attempt_lease: int = Field(default=120, ge=2, le=MAX_TTL_SECONDS)
    #: Attempts of one run before it ends as failed.
    max_attempts: int = Field(default=4, ge=1, le=20)
    #: Seconds one call to a tool may take, and how often it is tried.
    tool_timeout: float = Field(default=5.0, gt=0, le=60)
    tool_tries: int = Field(default=2, ge=1, le=5)
    #: Calls a day that the agency's SAM.gov key may make, over all its services: 10,000 for a federal system account.
    sam_daily_quota: int = Field(default=10_000, ge=1)
    #: Bytes of one answer, at most.
    tool_answer_limit: int = Field(default=2_000_000, ge=1_000)

    def need(self, name: str) -> str:
        """The value of setting `name` as text, or a `SettingsError` that names its environment variable."""
        value = getattr(self, name)
        if value is None:
            raise SettingsError(f"{name.upper()} is not set")
        return str(value)

    def file(self, name: str) -> Path:
        """The path in setting `name`, which must be a readable file."""
        path = Path(self.need(name))
        if not path.is_file():
            raise SettingsError(f"{name.upper()}: {path} is not a file")
        return path

    @property
    def is_broker_tls(self) -> bool:
        """Whether the broker is reached over TLS."""
        return (self.redis_url or "").startswith("rediss:")


def load(*needed: str) -> Settings:
    """Read the environment, of which the settings named in `needed` must be set.

    Raises `SettingsError` with one line per variable that is wrong or missing.
    """
    lines = []
    given = {name.lower() for name, value in os.environ.items() if value}
    try:
        settings = Settings()
    except ValidationError as error:
        lines = [
            f"{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        ]
    lines += [f"{name.upper()} is not set" for name in needed if name not in given]
    if lines:
        raise SettingsError("\n".join(lines))
    return settings
