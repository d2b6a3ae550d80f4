"""What a campaign of kills has left behind: asked of the records, the vault and PostgreSQL."""

from collections import Counter
from statistics import quantiles
from typing import Any

from psycopg.rows import dict_row

from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.settings import Settings
from benchmarks.vault_lines import Given, given
from infra.local.stack import LocalStack

OPEN_RUNS = "SELECT count(*) AS n FROM run WHERE state NOT IN ('completed', 'failed')"
OPEN_ENDS = "SELECT count(*) AS n FROM attempt WHERE revoked_at IS NULL"
_TOOK = "SELECT extract(epoch FROM revoked_at - ended_at)::float AS seconds FROM attempt WHERE revoked_at IS NOT NULL"
_TWICE = "SELECT count(*) AS n FROM (SELECT FROM attempt WHERE state = 'finished' GROUP BY run_id HAVING count(*) > 1) AS t"
_RECORDED = "SELECT token_accessor AS held FROM attempt UNION SELECT accessor FROM credential UNION SELECT lease_id FROM credential"
_USERS = (
    "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) OR oid IN"
    " (SELECT member FROM pg_auth_members WHERE roleid = 'ledger_reader'::regrole) ORDER BY 1"
)
_STANDING = "vault_ledger_admin"
_SESSIONS = "SELECT count(*) AS n FROM pg_stat_activity WHERE usesysid IS NOT NULL AND usesysid NOT IN (SELECT oid FROM pg_roles)"


def found(stack: LocalStack, runs: int) -> dict[str, Any]:
    """The figures, of a stack at rest that was asked for so many runs."""
    states = Counter(row["state"] for row in rows(stack, "SELECT state FROM run"))
    attempts = Counter(row["state"] for row in rows(stack, "SELECT state FROM attempt"))
    issued = given(stack.layout.audit_log)
    recorded = {row["held"] for row in rows(stack, _RECORDED)}
    took = sorted(row["seconds"] for row in rows(stack, _TOOK))
    cuts = quantiles(took, n=100, method="inclusive")
    return {
        "completed": states["completed"],
        "not completed": runs - states["completed"],
        "results stored twice": count(stack, _TWICE),
        "attempts": dict(attempts),
        "logins": len(issued.run_tokens),
        "logins that no worker recorded": len(issued.run_tokens - recorded),
        "API keys": len(issued.keys),
        "database users": len(issued.leases),
        "API keys and database users that no worker recorded": len((issued.keys | issued.leases) - recorded),
        "signed tokens": issued.signed_tokens,
        "alive": _alive(stack, issued),
        "users of the ledger left": [
            row["rolname"] for row in rows(stack, _USERS, sorted(issued.users)) if row["rolname"] != _STANDING
        ],
        "sessions of dropped users": count(stack, _SESSIONS),
        "ends not confirmed": count(stack, OPEN_ENDS),
        "seconds to the confirmed end": {
            "p50": round(cuts[49], 2),
            "p95": round(cuts[94], 2),
            "max": round(took[-1], 2),
        },
        "alarms": dict(Counter(row["kind"] for row in rows(stack, "SELECT kind FROM alarm"))),
    }


def _alive(stack: LocalStack, issued: Given) -> list[str]:
    settings = Settings(vault_addr=stack.endpoints["vault"])
    identity = stack.secrets.path("web", "vault-identity.json")
    with Auditor(settings.need("vault_addr"), identity, trust_of(settings)) as auditor:
        return auditor.alive(accessors=issued.run_tokens | issued.keys, leases=issued.leases)


def rows(stack: LocalStack, query: str, *values: object) -> list[dict[str, Any]]:
    """Rows of the application's database."""
    database = stack.services.database
    if database is None:
        raise RuntimeError("this stack has no database")
    with database.connect("triage") as connection:
        return connection.cursor(row_factory=dict_row).execute(query, values or None).fetchall()


def count(stack: LocalStack, query: str) -> int:
    """The number `n` that a query gives."""
    (row,) = rows(stack, query)
    number: int = row["n"]
    return number


def is_clean(figures: dict[str, Any]) -> bool:
    """Whether every run was completed once, and nothing that it was given is alive."""
    left = ("not completed", "results stored twice", "alive", "users of the ledger left")
    return not any(figures[name] for name in (*left, "sessions of dropped users", "ends not confirmed"))
