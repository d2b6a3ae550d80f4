"""What the vault's audit log says about the runs of a day."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.credentials.vault_line import AuditLine
from app.procurement.systems import ISSUING_PATHS


@dataclass(frozen=True, slots=True)
class VaultCount:
    """What the vault's audit log says about a set of runs.

    `issued` are request ids. `uneven_runs` are the runs without exactly one login, one issue per tool and one
    revocation.
    """

    issued: frozenset[str]
    logins: int
    revokes: int
    uneven_runs: tuple[str, ...]


def count_vault_log(lines: Iterable[AuditLine], run_ids: Iterable[UUID], *, tools: int) -> VaultCount:
    """Count the successful responses in the vault's log that name one of these runs, each of which used `tools`."""
    wanted = {str(run_id) for run_id in run_ids}
    per_run: dict[str, Counter[str]] = {run_id: Counter() for run_id in wanted}
    issued = set()
    for line in lines:
        if line.type != "response" or line.error or line.run_id not in wanted:
            continue
        if line.path in ISSUING_PATHS:
            issued.add(line.request_id)
            per_run[line.run_id]["issue"] += 1
        elif line.path == "auth/approle/login":
            per_run[line.run_id]["login"] += 1
        elif line.path == "auth/token/revoke-self":
            per_run[line.run_id]["revoke"] += 1
    even = Counter(login=1, issue=tools, revoke=1)
    return VaultCount(
        issued=frozenset(issued),
        logins=sum(count["login"] for count in per_run.values()),
        revokes=sum(count["revoke"] for count in per_run.values()),
        uneven_runs=tuple(sorted(run_id for run_id, count in per_run.items() if count != even)),
    )
