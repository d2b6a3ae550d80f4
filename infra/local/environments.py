"""The environment of each process: addresses, and names of files in its own folder of secrets."""

import json
from urllib.parse import urlsplit, urlunsplit

from infra.local.options import TOOL_VARIABLES, Part, StackOptions
from infra.local.state import Layout
from infra.provision.logins import APPLICATION, LEDGER, STANDING_USERS
from infra.secrets_folder import SecretsFolder
from infra.vault import run_role

CLIENT = "triage-web"
TOOLS = tuple(TOOL_VARIABLES)
DATABASE_ROLES = {
    "dispatcher": "triage_dispatcher",
    "sweeper": "triage_sweeper",
    "reconciler": "triage_reconciler",
    "switch": "triage_switch",
    "worker": "triage_worker",
    "web": "triage_app",
}
#: The agent worker has no identity: each run brings one half of its login, the worker has the other.
_IDENTIFIED = ("dispatcher", "sweeper", "switch", "web")
BROKER_USERS = ("dispatcher", "worker")


class Environments:
    """Builds environments from the addresses of the servers that are up."""

    def __init__(self, layout: Layout, options: StackOptions) -> None:
        self._layout = layout
        self._options = options
        outside = options.outside
        self.secrets = SecretsFolder(
            layout.secrets if outside.vault is None else outside.secrets_folder or layout.secrets
        )
        self.served = options.scenarios or layout.scenarios
        """The folder of scenarios that the tools serve."""
        self.endpoints: dict[str, str] = {}
        """Part name to URL without credentials, filled as parts come up."""

    def of(self, process: str) -> dict[str, str]:
        """The variables of a tool, dispatcher, sweeper, reconciler, switch, worker, web, or `cli` for commands typed by a person.

        They hold no secret. A person's command has the rights of the web process.
        """
        variables = {
            "TRIAGE_HOME": str(self._layout.home),
            **self._options.environment,
            **self._options.outside.tls,
        }
        vault = self.endpoints.get("vault")
        if vault is not None:
            variables["VAULT_ADDR"] = vault
        if process in TOOLS:
            return variables | {
                "MOCK_SCENARIOS": str(self.served),
                "MOCK_ACCESS_LOG": str(self._layout.access_log(process)),
                "MOCK_LATENCY_MS": str(self._options.mock_latency),
                "MOCK_SLOW_FILE": str(self._layout.slow),
            }
        if process == "reconciler":
            return variables | self._tools() | self._database(process) | self._logs()
        owner = "web" if process == "cli" else process
        variables |= self._tools() | self._database(owner) | self._broker(owner) | self._identity(owner)
        return variables | self._sign_in() if process == "web" else variables

    def _tools(self) -> dict[str, str]:
        addresses = {
            name: self.endpoints[tool] for tool, name in TOOL_VARIABLES.items() if tool in self.endpoints
        }
        ledger = self.ledger_address
        return addresses | ({"LEDGER_URL": ledger} if ledger else {})

    @property
    def ledger_address(self) -> str | None:
        """The ledger without a user; on the server of the application's database unless another is named."""
        return self._options.outside.ledger or self._in_database(LEDGER)

    @property
    def database_address(self) -> str | None:
        """The application's database without a user."""
        return self._in_database(APPLICATION)

    def _in_database(self, database: str) -> str | None:
        if "postgres" not in self.endpoints:
            return None
        parts = urlsplit(self.endpoints["postgres"])
        if self._options.outside.database is None:
            # Our own server does not use TLS, even if CA_FILE is set for other servers.
            parts = parts._replace(query="sslmode=disable")
        elif database == APPLICATION and parts.path.strip("/"):
            return urlunsplit(parts)
        return urlunsplit(parts._replace(scheme="postgresql", path=f"/{database}"))

    def _database(self, owner: str) -> dict[str, str]:
        address = self.database_address
        if address is None:
            return {}
        return {
            "DATABASE_URL": as_user(address, DATABASE_ROLES[owner]),
            "DATABASE_PASSWORD_FILE": self._secret(owner, "database-password"),
        }

    def _broker(self, owner: str) -> dict[str, str]:
        broker = self.endpoints.get("valkey")
        if broker is None:
            return {}
        if owner not in BROKER_USERS:
            # The others only check that it answers, which needs no user.
            return {"REDIS_URL": broker}
        address = broker if urlsplit(broker).path else f"{broker}/0"
        return {
            "REDIS_URL": as_user(address, owner),
            "REDIS_PASSWORD_FILE": self._secret(owner, "broker-password"),
        }

    def _identity(self, owner: str) -> dict[str, str]:
        if owner == run_role.OWNER:
            return {"RUN_ROLE_ID_FILE": self._secret(owner, run_role.FILE)}
        if owner not in _IDENTIFIED:
            return {}
        variables = {"VAULT_IDENTITY_FILE": self._secret(owner, "vault-identity.json")}
        outside = self._options.outside
        audit_log = outside.vault_audit_log if outside.vault else str(self._layout.audit_log)
        if owner in ("web", "sweeper") and audit_log:
            variables["VAULT_AUDIT_LOG"] = audit_log
        return variables

    def _logs(self) -> dict[str, str]:
        """What the reconciler reads. The logs of outside servers are not here."""
        outside, layout = self._options.outside, self._layout
        logs = {
            f"{TOOL_VARIABLES[tool].removesuffix('_URL')}_LOG": str(layout.access_log(tool))
            for tool in TOOLS
            if tool not in outside.tools
        }
        if outside.ledger is None and outside.database is None:
            logs["LEDGER_LOG"] = str(layout.postgres_log)
        audit_log = outside.vault_audit_log if outside.vault else str(layout.audit_log)
        if audit_log:
            logs["VAULT_AUDIT_LOG"] = audit_log
        audit_log_2 = outside.vault_audit_log_2 if outside.vault else str(layout.audit_log_2)
        if audit_log_2:
            logs["VAULT_AUDIT_LOG_2"] = audit_log_2
        return logs | {"STANDING_USERS": json.dumps([*STANDING_USERS, "postgres"])}

    def _secret(self, owner: str, name: str) -> str:
        return str(self.secrets.path(owner, name))

    def _sign_in(self) -> dict[str, str]:
        outside = self._options.outside
        variables = {
            "OIDC_ISSUER": outside.identity or self.endpoints.get("identity-provider"),
            "OIDC_CLIENT_ID": outside.identity_client or CLIENT,
            "WEB_ADDRESS": self.endpoints.get("web"),
            "WEB_KEY_FILE": self._secret("web", "web-key"),
            "EXPORT_KEY_FILE": self._secret("web", "export-keys.json"),
        }
        if self._options.starts(Part.PRESENTER):
            variables["PRESENTER_SOCKET"] = str(self._layout.presenter_socket)
        return {name: value for name, value in variables.items() if value is not None}


def as_user(address: str, user: str) -> str:
    """The same address with a user in it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))
