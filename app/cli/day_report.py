"""What a day's work left behind, counted three times: by the application, by the vault's log, by its liveness."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.credentials.progress import RecordedCredential
from app.procurement.daily_quota import QuotaDay
from app.procurement.systems import ISSUING_PATHS


@dataclass(frozen=True, slots=True)
class VaultCount:
    """What the vault's audit log says about a set of runs: request ids of issues, numbers of logins and revokes."""

    issued: frozenset[str]
    logins: int
    revokes: int
    uneven_runs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DayReport:
    """The figures of a day and the checks they must pass.

    `quota` is the whole present day's, earlier runs included; passing its budget is told, and no failure of the day.
    """

    runs: int
    tools: int
    outcomes: Counter[str]
    credentials: Sequence[RecordedCredential]
    vault: VaultCount
    still_alive: Sequence[str]
    wall_seconds: float
    quota: QuotaDay

    @property
    def recorded(self) -> frozenset[str]:
        """Request ids of the credentials the application recorded."""
        return frozenset(row.request_id for row in self.credentials)

    def failures(self) -> list[str]:
        """What is not as it must be, in words; empty when the day passes."""
        finished = sum(self.outcomes[name] for name in ("clear", "flagged", "not fully checked"))
        expected = self.runs * self.tools
        distinct = len({row.fingerprint for row in self.credentials})
        checks = {
            f"{finished} of {self.runs} runs finished": finished == self.runs,
            f"{len(self.credentials)} credentials recorded, {expected} expected": len(self.credentials)
            == expected,
            f"{distinct} distinct fingerprints among {len(self.credentials)}": distinct
            == len(self.credentials),
            f"{len(self.vault.issued)} credentials issued by the vault, {expected} expected": len(
                self.vault.issued
            )
            == expected,
            f"{len(self.recorded ^ self.vault.issued)} credentials on one side only": self.recorded
            == self.vault.issued,
            f"{len(self.still_alive)} leased credentials still alive": not self.still_alive,
            f"{len(self.vault.uneven_runs)} runs without exactly one login, {self.tools} issues and one revoke in"
            " the vault's log": not self.vault.uneven_runs,
        }
        return [text for text, passed in checks.items() if not passed]

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values; times in seconds."""
        by_kind = Counter((row.tool, row.kind.value) for row in self.credentials)
        leased = [row.seconds_to_death for row in self.credentials if row.kind.revocable]
        signed = [row.seconds_to_death for row in self.credentials if not row.kind.revocable]
        return {
            "runs": self.runs,
            "outcomes": dict(self.outcomes),
            "credentials": {
                "recorded": len(self.credentials),
                "by_tool": [
                    {"tool": tool, "kind": kind, "number": number}
                    for (tool, kind), number in sorted(by_kind.items())
                ],
                "distinct_fingerprints": len({row.fingerprint for row in self.credentials}),
                "still_alive": list(self.still_alive),
                "issued_by_vault_log": len(self.vault.issued),
                "only_recorded": sorted(self.recorded - self.vault.issued),
                "only_in_vault_log": sorted(self.vault.issued - self.recorded),
            },
            "vault_log": {"logins": self.vault.logins, "revokes": self.vault.revokes},
            "seconds_from_run_start_to_death": {
                "leased_until_revoked": quantiles(leased),
                "signed_tokens_until_expiry": quantiles(signed),
            },
            "sam_gov_quota": self.quota.as_json(),
            "wall_seconds": round(self.wall_seconds, 2),
            "runs_per_second": round(self.runs / self.wall_seconds, 2),
            "failures": self.failures(),
        }


def quantiles(values: Iterable[float]) -> dict[str, float] | None:
    """p50, p95 and maximum by the nearest-rank method; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    ranks = {"p50": 50, "p95": 95}
    found = {name: ordered[-(-percent * len(ordered) // 100) - 1] for name, percent in ranks.items()}
    return {name: round(value, 3) for name, value in {**found, "max": ordered[-1]}.items()}


def count_vault_log(lines: Iterable[dict[str, Any]], run_ids: Iterable[UUID], *, tools: int) -> VaultCount:
    """Count the responses of the vault's log (parsed lines) that name one of these runs."""
    wanted = {str(run_id) for run_id in run_ids}
    per_run: dict[str, Counter[str]] = {run_id: Counter() for run_id in wanted}
    issued = set()
    for line in lines:
        run_id = ((line.get("auth") or {}).get("metadata") or {}).get("run_id")
        if line.get("type") != "response" or line.get("error") or run_id not in wanted:
            continue
        path = line["request"]["path"]
        if path in ISSUING_PATHS:
            issued.add(line["request"]["id"])
            per_run[run_id]["issue"] += 1
        elif path == "auth/approle/login":
            per_run[run_id]["login"] += 1
        elif path == "auth/token/revoke-self":
            per_run[run_id]["revoke"] += 1
    even = Counter(login=1, issue=tools, revoke=1)
    return VaultCount(
        issued=frozenset(issued),
        logins=sum(count["login"] for count in per_run.values()),
        revokes=sum(count["revoke"] for count in per_run.values()),
        uneven_runs=tuple(sorted(run_id for run_id, count in per_run.items() if count != even)),
    )
