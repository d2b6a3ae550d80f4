"""`python -m benchmarks.campaign`: `kill -9` at random under a day's runs, and whether anything outlived them.

What the vault issued is taken from its own log, recorded or not, and asked about one by one.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from app import usecases
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.settings import Settings
from benchmarks.kills import Killer, start_second_worker
from benchmarks.vault_lines import Given, given
from benchmarks.work import submitted
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack
from infra.postgres.server import ServerError

#: Shorter than usual, so that a killed worker's runs go on soon.
ENVIRONMENT = {"ATTEMPT_LEASE": "10", "MAX_ATTEMPTS": "20"}
#: Seconds between two kills, at least and at most; and for all runs to end, and then for all ends to be confirmed.
_APART, _LONGEST, _CONFIRMED = (0.2, 1.2), 900.0, 120.0
_OPEN_RUNS = "SELECT count(*) AS n FROM run WHERE state NOT IN ('completed', 'failed')"
_OPEN_ENDS = "SELECT count(*) AS n FROM attempt WHERE revoked_at IS NULL"
_TOOK = "SELECT extract(epoch FROM revoked_at - ended_at)::float AS seconds FROM attempt WHERE revoked_at IS NOT NULL"
_TWICE = "SELECT count(*) AS n FROM (SELECT FROM attempt WHERE state = 'finished' GROUP BY run_id HAVING count(*) > 1) AS t"
_RECORDED = "SELECT token_accessor AS held FROM attempt UNION SELECT accessor FROM credential UNION SELECT lease_id FROM credential"
_USERS = (
    "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) OR oid IN"
    " (SELECT member FROM pg_auth_members WHERE roleid = 'ledger_reader'::regrole) ORDER BY 1"
)
_STANDING = "vault_ledger_admin"
_SESSIONS = "SELECT count(*) AS n FROM pg_stat_activity WHERE usesysid IS NOT NULL AND usesysid NOT IN (SELECT oid FROM pg_roles)"


def main() -> None:
    """Run a campaign and print its report as Markdown; exit status 1 if anything was left."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = campaign(Path(folder), runs=wanted.runs, seed=wanted.seed)
    text = report(figures)
    print(text)
    if wanted.out:
        wanted.out.write_text(text, encoding="utf-8")
    sys.exit(0 if is_clean(figures) else 1)


def campaign(folder: Path, *, runs: int, seed: int) -> dict[str, Any]:
    """Kill parts of a new stack until `runs` runs have ended; the figures."""
    options = StackOptions(
        parts=SERVICES,
        usual_ports=False,
        actions=40,
        workers=1,
        concurrency=4,
        environment=ENVIRONMENT,
    )
    with LocalStack(folder, options=options) as stack:
        for part in ("dispatcher", "sweeper"):
            stack.process_table.start(stack.services.background(part), lambda _: True)
        stack.process_table.start(stack.services.worker(1), lambda child: "ready." in child.log_since_start())
        start_second_worker(stack)
        with submitted(stack) as (database, actions):
            wanted = list(islice(cycle(actions), runs))
            run_ids = usecases.request_runs(database, wanted, requested_by="campaign")
        random = Random(seed)  # noqa: S311  # it chooses what dies
        killer = Killer(stack, random)
        began = time.monotonic()
        while _count(stack, _OPEN_RUNS) and time.monotonic() < began + _LONGEST:
            time.sleep(random.uniform(*_APART))
            killer.kill_one()
        seconds = time.monotonic() - began
        _wait(stack, _OPEN_ENDS, seconds=_CONFIRMED)
        figures = {"seed": seed, "runs": runs, "seconds": round(seconds, 1), "kills": dict(killer.killed)}
        return figures | _found(stack, run_ids)


def _found(stack: LocalStack, run_ids: Sequence[UUID]) -> dict[str, Any]:
    states = Counter(row["state"] for row in _rows(stack, "SELECT state FROM run"))
    attempts = Counter(row["state"] for row in _rows(stack, "SELECT state FROM attempt"))
    issued = given(stack.layout.audit_log)
    recorded = {row["held"] for row in _rows(stack, _RECORDED)}
    took = sorted(row["seconds"] for row in _rows(stack, _TOOK))
    cuts = quantiles(took, n=100, method="inclusive")
    return {
        "completed": states["completed"],
        "not completed": len(run_ids) - states["completed"],
        "results stored twice": _count(stack, _TWICE),
        "attempts": dict(attempts),
        "logins": len(issued.run_tokens),
        "logins that no worker recorded": len(issued.run_tokens - recorded),
        "API keys": len(issued.keys),
        "database users": len(issued.leases),
        "API keys and database users that no worker recorded": len((issued.keys | issued.leases) - recorded),
        "signed tokens": issued.signed_tokens,
        "alive": _alive(stack, issued),
        "users of the ledger left": [
            row["rolname"]
            for row in _rows(stack, _USERS, sorted(issued.users))
            if row["rolname"] != _STANDING
        ],
        "sessions of dropped users": _count(stack, _SESSIONS),
        "ends not confirmed": _count(stack, _OPEN_ENDS),
        "seconds to the confirmed end": {
            "p50": round(cuts[49], 2),
            "p95": round(cuts[94], 2),
            "max": round(took[-1], 2),
        },
        "alarms": dict(Counter(row["kind"] for row in _rows(stack, "SELECT kind FROM alarm"))),
    }


def _alive(stack: LocalStack, issued: Given) -> list[str]:
    settings = Settings(vault_addr=stack.endpoints["vault"])
    identity = stack.secrets.path("web", "vault-identity.json")
    with Auditor(settings.need("vault_addr"), identity, trust_of(settings)) as auditor:
        return auditor.alive(accessors=issued.run_tokens | issued.keys, leases=issued.leases)


def _rows(stack: LocalStack, query: str, *values: object) -> list[dict[str, Any]]:
    database = stack.services.database
    if database is None:
        raise RuntimeError("this stack has no database")
    with database.connect("triage") as connection:
        return connection.cursor(row_factory=dict_row).execute(query, values or None).fetchall()


def _count(stack: LocalStack, query: str) -> int:
    (row,) = _rows(stack, query)
    number: int = row["n"]
    return number


def _wait(stack: LocalStack, query: str, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ServerError, psycopg.Error):
            if not _count(stack, query):
                return
        time.sleep(0.2)


def is_clean(figures: dict[str, Any]) -> bool:
    """Whether every run was completed once, and nothing that it was given is alive."""
    left = ("not completed", "results stored twice", "alive", "users of the ledger left")
    return not any(figures[name] for name in (*left, "sessions of dropped users", "ends not confirmed"))


def report(figures: dict[str, Any]) -> str:
    """The figures as a page in Markdown, with the commit and the machine."""
    line = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    rows = "\n".join(f"| {name} | {_shown(value)} |" for name, value in figures.items())
    return (
        f"# Kill campaign of {datetime.now(UTC):%Y-%m-%d}\n\n"
        f"Commit {commit}, {platform.machine()} with Python {platform.python_version()}, by `make campaign`.\n\n"
        f"| | |\n|---|---|\n{rows}\n"
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items()) or "none"
    if isinstance(value, list):
        return f"{len(value)}"
    return json.dumps(value)


if __name__ == "__main__":
    main()
