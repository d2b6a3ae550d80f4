"""What bounds a run in the vault: how long its credentials live, from where they are used, and how many there may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.credentials.approle import RUN_ROLE
from app.credentials.grants import MAX_TTL_SECONDS
from app.credentials.tool_record import ToolRecord
from infra.vault.entry import Entry

#: Seconds over which requests are counted.
_INTERVAL = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLimits:
    """Lives are in seconds, default and cap in one."""

    run_token_ttl: int = MAX_TTL_SECONDS
    api_key_ttl: int = MAX_TTL_SECONDS
    database_user_ttl: int = MAX_TTL_SECONDS
    #: Networks of the workers, as `10.1.2.0/24`; without one, any address may log in as a run.
    worker_cidrs: Sequence[str] = ()
    #: Logins, and credentials for each tool, that one address may ask for in a minute.
    runs_per_minute: int = 6000
    #: Users of one database at a time.
    database_users: int = 100

    @property
    def addresses(self) -> dict[str, Any]:
        """The fields of an AppRole, as the vault gives them back: tokens name a single address without its length."""
        hosts = [cidr.removesuffix("/128" if ":" in cidr else "/32") for cidr in self.worker_cidrs]
        return {"secret_id_bound_cidrs": list(self.worker_cidrs), "token_bound_cidrs": hosts}


def rate_limits(tools: Sequence[ToolRecord], limits: RunLimits) -> list[Entry]:
    """A limit for the login of runs, and for each path that issues a credential. The vault counts by client address."""
    return [
        _rate_limit(RUN_ROLE, limits, path="auth/approle/", role=RUN_ROLE),
        *(
            _rate_limit(f"{RUN_ROLE}-{tool.credential.role}", limits, path=tool.credential.path)
            for tool in tools
        ),
    ]


def _rate_limit(name: str, limits: RunLimits, **where: str) -> Entry:
    return Entry(
        name=f"rate limit {name}",
        path=f"sys/quotas/rate-limit/{name}",
        data={**where, "rate": limits.runs_per_minute, "interval": _INTERVAL},
    )
