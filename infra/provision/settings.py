"""The settings of provisioning: where the servers are, and the folder with every secret."""

from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from app.connections.addresses import BrokerAddress, DatabaseAddress, HttpAddress
from app.connections.secret_files import SettingsError
from app.connections.settings import ProcessSettings, refusals
from app.credentials.grants import LONGEST_RUN_SECONDS, MAX_TTL_SECONDS
from infra.secrets_folder import SecretsFolder
from infra.vault.database_users import Passwords
from infra.vault.limits import RunLimits


def _a_life(seconds: int) -> int:
    if not LONGEST_RUN_SECONDS <= seconds <= MAX_TTL_SECONDS:
        raise ValueError(
            f"{seconds} s is not between {LONGEST_RUN_SECONDS} s, the longest run, and {MAX_TTL_SECONDS} s"
        )
    return seconds


def _networks(text: str) -> str:
    try:
        return ",".join(str(ip_network(each.strip())) for each in text.split(",") if each.strip())
    except ValueError as error:
        raise ValueError(f"{error}; networks look like 10.1.2.0/24") from None


Life = Annotated[int, AfterValidator(_a_life)]


class ProvisioningSettings(ProcessSettings):
    """Settings of `triage provision` and `triage rotate`; a step reads only what it needs, through `need`."""

    #: One folder for each owner in it; passwords of administrators in `operator/`.
    secrets_folder: Path | None = None

    #: `postgresql://postgres@HOST:PORT/postgres`, the administrator who makes roles and databases.
    database_admin_url: DatabaseAddress | None = None
    #: `redis://administrator@HOST:PORT`, the administrator who makes the broker's users.
    redis_admin_url: BrokerAddress | None = None
    #: The vault, as this command reaches it.
    vault_addr: HttpAddress | None = None
    #: The files of the vault's audit devices, for a vault that takes devices over the API.
    vault_audit_log: Path | None = None
    vault_audit_log_2: Path | None = None
    #: `postgresql://HOST:PORT/ledger?sslmode=…`, the ledger as the vault reaches it; paths in it are the vault's.
    vault_ledger_url: DatabaseAddress | None = None
    #: The issuer in the tokens that the vault signs; by default its address.
    vault_issuer: HttpAddress | None = None

    #: The lifetime of SecretIDs in seconds: of dispatcher, sweeper and web, and of operator, rotator and backup, whose
    #: login must still work after a long stop of the installation. `triage rotate identities --watch` replaces all of
    #: them at half of the shorter lifetime.
    infrastructure_secret_id_ttl: int = Field(default=24 * 3600, ge=2, le=31 * 24 * 3600)
    custody_secret_id_ttl: int = Field(default=30 * 24 * 3600, ge=2, le=365 * 24 * 3600)
    #: Seconds that the credentials of a run live, default and cap in one; their revocation ends them earlier.
    run_token_ttl: Life = MAX_TTL_SECONDS
    api_key_ttl: Life = MAX_TTL_SECONDS
    database_user_ttl: Life = MAX_TTL_SECONDS
    #: The networks of the workers, with commas between them: only from there may a run log in and use its token.
    worker_cidrs: Annotated[str, AfterValidator(_networks)] = ""
    #: Logins of runs, and credentials for each tool, that the vault grants to one client address in a minute.
    runs_per_minute: int = Field(default=6000, ge=1, le=1_000_000)
    #: Users of runs in the ledger at a time. A run beyond that waits.
    database_users: int = Field(default=100, ge=1, le=100_000)
    #: How the vault states the password of a run's user to the ledger. `plain`: in a statement that the server records
    #: nowhere, which provisioning makes sure of; the server hashes it once. `hashed`: as a verifier of 4,096 rounds,
    #: which vault, server and agent pay for at each run.
    ledger_passwords: Passwords = "plain"
    #: A file that the watching rotation touches while it runs.
    health_file: Path | None = None

    #: The trusted authorities for TLS, instead of the system's, and the certificate of this command.
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None

    #: The folder of the emulated systems' data, the number of procurement actions to generate, and the seed.
    demo_folder: Path | None = None
    demo_actions: int = Field(default=12, ge=1, le=999_999)
    demo_seed: int = 2026

    #: Seconds to wait for each server.
    provision_patience: float = Field(default=60, gt=0, le=3600)

    @property
    def run_limits(self) -> RunLimits:
        """What bounds a run in the vault."""
        return RunLimits(
            run_token_ttl=self.run_token_ttl,
            api_key_ttl=self.api_key_ttl,
            database_user_ttl=self.database_user_ttl,
            worker_cidrs=self.worker_cidrs.split(",") if self.worker_cidrs else (),
            runs_per_minute=self.runs_per_minute,
            database_users=self.database_users,
        )

    @cached_property
    def secrets(self) -> SecretsFolder:
        """The secrets folder. Raises `SettingsError` if SECRETS_FOLDER is not set."""
        return SecretsFolder(Path(self.need("secrets_folder")))

    def secret(self, owner: str, name: str) -> str:
        """A required secret. Raises `SettingsError` that names its file."""
        text = self.secrets.read(owner, name)
        if not text:
            raise SettingsError(
                f"SECRETS_FOLDER: there is no {owner}/{name} in {self.secrets.root}; run `triage provision keys`"
            )
        return text


def load(**values: Any) -> ProvisioningSettings:
    """Read the environment, except for `values`. Raises `SettingsError` that names each wrong variable."""
    try:
        return ProvisioningSettings(**values)
    except ValidationError as error:
        raise SettingsError("; ".join(refusals(error))) from None
