"""How a rehearsed attack ended, as it is shown and kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.credentials.vault_line import AuditLine
from app.reconciliation.verdict import Verdict
from rehearsals.attack import Account, Attack, RaisedAlarm


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The verdict of one attack, with what was seen. `problem` says why it is no pass."""

    attack: Attack
    account: Account
    verdict: Verdict
    problem: str = ""
    web: str = ""
    """The address of the pages."""

    @property
    def at(self) -> datetime:
        """When the attack began (UTC)."""
        return self.account.began

    @property
    def alarm_address(self) -> str | None:
        """The page of the alarm; None if there is none, or if the copy has it."""
        alarm = self.account.alarm
        return f"{self.web}/alarms/{alarm.alarm_id}" if alarm and alarm.alarm_id else None

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        account, alarm = self.account, self.account.alarm
        return {
            "name": self.attack.name,
            "verdict": self.verdict,
            "at": self.at.isoformat(),
            "tries": self.attack.tries,
            "on_copy": self.attack.on_copy,
            "works": account.works,
            "expected": self.attack.expected,
            "observed": self.problem or account.observed,
            "vault_line": None if account.line is None else _line(account.line),
            "alarm": None if alarm is None else _alarm(alarm, self.alarm_address),
            "expected_alarms": list(self.attack.alarms),
            "seconds_to_refusal": _rounded(account.seconds),
            "seconds_to_alarm": None if alarm is None else _rounded(alarm.seconds),
            "runs": [str(each) for each in account.runs],
        }


def worst(outcomes: list[Outcome]) -> Verdict:
    """The verdict of all: fail before not established before pass."""
    found = {each.verdict for each in outcomes}
    return next((each for each in (Verdict.FAIL, Verdict.NOT_ESTABLISHED) if each in found), Verdict.PASS)


def words_of(line: AuditLine) -> str:
    """A line of the vault's log in short: request, path, error."""
    error = " ".join((line.error or "").replace("1 error occurred:", "").replace("* ", "").split())
    ending = f"refused: {error}" if line.refused and error else "refused" if line.refused else "answered"
    return f"request {line.request_id}, {line.operation} {line.path}, {ending}"


def _line(line: AuditLine) -> dict[str, Any]:
    return {
        "request_id": line.request_id,
        "time": line.time.isoformat(),
        "operation": line.operation,
        "path": line.path,
        "refused": line.refused,
        "error": line.error,
    }


def _alarm(alarm: RaisedAlarm, address: str | None) -> dict[str, Any]:
    return {
        "alarm_id": None if alarm.alarm_id is None else str(alarm.alarm_id),
        "kind": alarm.kind,
        "detail": alarm.detail,
        "address": address,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
