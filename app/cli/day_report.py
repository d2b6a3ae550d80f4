"""The credentials of a day's work: recorded, in the vault's log, still alive, and what all three sides say of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any

from app.cli.vault_count import VaultCount
from app.credentials.progress import RecordedCredential, UnconfirmedEnd
from app.procurement.daily_quota import QuotaDay
from app.reconciliation.verdict import Reconciliation, Verdict

_SIDES = ("issued", "used", "recorded")
#: Upper ends, in seconds, of the groups in which lives are counted; the last one is open.
_LIVES = (0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 125.0, 900.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayReport:
    """The figures of a day and the checks they must pass.

    `still_alive` is what the vault said of the recorded leased credentials at `asked_at` (UTC); `unconfirmed` are the ends
    that the sweeper has not confirmed. `comparison` covers the time of the runs.

    `began` is when the first run was requested (UTC); `alarms` those that were raised from then on, by kind.

    `quota` covers all of today, earlier runs included. Exceeding it is reported but does not fail the day.
    """

    began: datetime
    runs: int
    tools: int
    outcomes: Counter[str]
    credentials: Sequence[RecordedCredential]
    vault: VaultCount
    still_alive: Sequence[str]
    asked_at: datetime
    unconfirmed: Sequence[UnconfirmedEnd]
    comparison: Reconciliation
    wall_seconds: float
    quota: QuotaDay
    alarms: Counter[str]

    @property
    def recorded(self) -> frozenset[str]:
        """Request ids of the credentials the application recorded."""
        return frozenset(row.request_id for row in self.credentials)

    @property
    def leased(self) -> list[RecordedCredential]:
        """The recorded credentials that the vault can end."""
        return [row for row in self.credentials if row.kind.revocable]

    @property
    def signed(self) -> list[RecordedCredential]:
        """The recorded signed tokens, which end by their TTL only."""
        return [row for row in self.credentials if not row.kind.revocable]

    @property
    def open_leases(self) -> int:
        """The number of leased credentials whose end is not confirmed."""
        return sum(row.revoked_at is None for row in self.leased)

    @property
    def _first_problem(self) -> str:
        problem = next((each.problem for each in self.unconfirmed if each.problem), None)
        return f", the first because {problem}" if problem else ""

    @property
    def verdict(self) -> Verdict:
        """FAIL with any failure; otherwise that of the comparison."""
        return Verdict.FAIL if self.failures() else self.comparison.verdict

    @property
    def stated(self) -> str:
        """The verdict with its reason."""
        failures = self.failures()
        return f"{Verdict.FAIL}: {'; '.join(failures)}" if failures else self.comparison.stated

    def failures(self) -> list[str]:
        """The checks that failed, in words; empty when the day passes."""
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
            f"{len(self.unconfirmed)} ended attempts not confirmed{self._first_problem}": not self.unconfirmed,
            f"{self.open_leases} leased credentials without a confirmed end": not self.open_leases,
            f"{len(self.vault.uneven_runs)} runs without exactly one login, {self.tools} issues and one revoke in"
            " the vault's log": not self.vault.uneven_runs,
            f"{len(self.comparison.unexplained)} left over without an explanation": not self.comparison.unexplained,
        }
        return [text for text, passed in checks.items() if not passed]

    def _lives(self) -> Iterator[dict[str, float | int | None]]:
        """How many credentials lived so long, from the start of their run; signed tokens until they expire."""
        for begin, end in pairwise((-inf, *_LIVES, inf)):
            leased, signed = (
                sum(row.seconds_to_death is not None and begin < row.seconds_to_death <= end for row in rows)
                for rows in (self.leased, self.signed)
            )
            yield {"up_to_seconds": None if end == inf else end, "leased": leased, "signed_tokens": signed}

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values; times in seconds."""
        by_kind = Counter((row.tool, row.kind.value) for row in self.credentials)
        return {
            "began": self.began.isoformat(),
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
                "asked_of_the_vault_at": self.asked_at.isoformat(),
                "issued_by_vault_log": len(self.vault.issued),
                "only_recorded": sorted(self.recorded - self.vault.issued),
                "only_in_vault_log": sorted(self.vault.issued - self.recorded),
            },
            "vault_log": {"logins": self.vault.logins, "revokes": self.vault.revokes},
            "ends": {
                "leased": len(self.leased),
                "leased_confirmed": len(self.leased) - self.open_leases,
                "attempts_not_confirmed": [
                    {"run_id": str(each.run_id), "attempt": each.number, "problem": each.problem}
                    for each in self.unconfirmed
                ],
                "signed_tokens": len(self.signed),
                "last_signed_token_expires_at": max(
                    (row.expires_at.isoformat() for row in self.signed), default=None
                ),
            },
            "seconds_from_run_end_to_confirmed_death": {
                "leased": quantiles(row.seconds_to_confirmation for row in self.leased),
            },
            "seconds_from_run_start_to_death": {
                "leased_until_confirmed": quantiles(row.seconds_to_death for row in self.leased),
                "signed_tokens_until_expiry": quantiles(row.seconds_to_death for row in self.signed),
            },
            "lives": list(self._lives()),
            "alarms": dict(self.alarms),
            "sam_gov_quota": self.quota.as_json(),
            "wall_seconds": round(self.wall_seconds, 2),
            "runs_per_second": round(self.runs / self.wall_seconds, 2),
            "sides": {name: getattr(self.comparison, name) for name in _SIDES}
            | {"unexplained": len(self.comparison.unexplained), "missing": list(self.comparison.missing)},
            "failures": self.failures(),
            "verdict": self.verdict.value,
        }


def quantiles(values: Iterable[float | None]) -> dict[str, float] | None:
    """p50, p95 and maximum by the nearest-rank method, without those that are not known; None without values."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    ranks = {"p50": 50, "p95": 95}
    found = {name: ordered[-(-percent * len(ordered) // 100) - 1] for name, percent in ranks.items()}
    return {name: round(value, 3) for name, value in {**found, "max": ordered[-1]}.items()}
