"""A made-up day of runs, and what workers recorded of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from app.credentials.approle import RUN_ROLE
from app.credentials.grants import ApiKey, DatabaseUser
from app.procurement.systems import SYSTEMS, System

_SPACE = UUID(int=2026)
#: Runs that are recorded at once.
_AT_ONCE = 500
#: What the sweeper notes when it has confirmed an end.
_ENDED = (
    "UPDATE vault_event AS v SET ended_at = c.revoked_at FROM credential AS c WHERE c.request_id = v.request_id"
    " AND c.revoked_at IS NOT NULL AND v.ended_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class MadeRun:
    """One run of the day by its number; everything about it follows from that."""

    number: int
    began: datetime

    def name(self, what: str) -> str:
        return str(uuid5(_SPACE, f"{self.number} {what}"))

    def at(self, milliseconds: int) -> datetime:
        return self.began + timedelta(milliseconds=milliseconds)

    @property
    def ended(self) -> datetime:
        return self.at(900)

    def user(self) -> str:
        return f"v-triage-r-ledger-{self.number:020d}"

    def fingerprint(self, system: System) -> str:
        return sha256(self.name(f"secret {system.name}").encode()).hexdigest()

    def accessor(self, system: System) -> str | None:
        return self.name(f"accessor {system.name}") if isinstance(system.credential, ApiKey) else None

    def lease(self, system: System) -> str | None:
        is_user = isinstance(system.credential, DatabaseUser)
        return f"{system.credential.path}/{self.name('lease')}" if is_user else None


def made(first: int, last: int, *, of: int, began: datetime, lasts: timedelta) -> Iterator[MadeRun]:
    """The runs from one number up to another, of so many that are spread over all of the day."""
    for number in range(first, last):
        yield MadeRun(number, began + lasts * number / of)


def record(database: psycopg.Connection, runs: Iterable[MadeRun]) -> None:
    """Add what workers recorded of these runs, as a superuser. The first run's end counts as not confirmed yet."""
    following = iter(runs)
    while some := list(islice(following, _AT_ONCE)):
        rows: dict[str, list[dict[str, Any]]] = {}
        for run in some:
            for table, row in _rows(run):
                rows.setdefault(table, []).append(row)
        with database.transaction():
            database.execute("SET LOCAL session_replication_role = replica")
            for table, its in rows.items():
                columns = sql.SQL(", ").join(map(sql.Identifier, its[0]))
                statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
                with database.cursor().copy(statement) as copy:
                    for row in its:
                        copy.write_row(tuple(row.values()))


def note_ends(database: psycopg.Connection) -> None:
    """Have the vault's events of recorded credentials ended, as the sweeper would."""
    with database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        database.execute(_ENDED)
    database.execute("VACUUM (ANALYZE)")


def _rows(run: MadeRun) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a run by their tables."""
    its = {"run_id": run.name("run"), "attempt": 1}
    yield (
        "run",
        its
        | {"job_id": "ACT-1", "state": "completed", "requested_by": "bench", "requested_at": run.began}
        | {"started_at": run.began, "finished_at": run.ended},
    )
    yield (
        "attempt",
        {"run_id": its["run_id"], "number": 1, "state": "finished", "worker": "bench"}
        | {
            "dispatched_at": run.began,
            "claimed_at": run.began,
            "lease_until": run.ended,
            "ended_at": run.ended,
        }
        | {"secret_id_accessor": run.name("secret id"), "wrapping_accessor": run.name("wrapping")}
        | {"token_accessor": run.name("token"), "revoked_at": None if run.number == 0 else run.ended},
    )
    for number, system in enumerate(SYSTEMS, 1):
        yield from _rows_of_tool(run, its, number, system)


def _rows_of_tool(
    run: MadeRun, its: dict[str, Any], number: int, system: System
) -> Iterator[tuple[str, dict[str, Any]]]:
    grant, credential_id = system.credential, run.name(f"credential {system.name}")
    leased = run.accessor(system) or run.lease(system)
    yield (
        "step",
        its
        | {"step_id": run.name(f"step {number}"), "number": number, "tool": system.name}
        | {"question": "What?", "reason": "So.", "outcome": "answered"},
    )
    yield (
        "credential",
        its
        | {"credential_id": credential_id, "tool": system.name, "kind": type(grant).__name__}
        | {"vault_path": grant.path, "policy": RUN_ROLE, "scope": "read"}
        | {"request_id": run.name(f"issue {system.name}"), "fingerprint": run.fingerprint(system)}
        | {"accessor": run.accessor(system), "lease_id": run.lease(system)}
        | {"service_user": run.user() if isinstance(grant, DatabaseUser) else None}
        | {"issued_at": run.at(100 + number), "expires_at": run.at(900_000)}
        | {"revoked_at": run.ended if leased else None},
    )
    yield (
        "call",
        its
        | {"call_id": run.name(f"call {number}"), "credential_id": credential_id}
        | {"operation": "GET /records", "status": 200, "started_at": run.at(200)}
        | {"latency_ms": 12.5, "answer_bytes": 500},
    )
