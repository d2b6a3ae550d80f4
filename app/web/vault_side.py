"""The vault's side of a run: its own audit lines by request, set beside what the application recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from app.credentials.tables import RunState
from app.credentials.vault_line import AuditLine
from app.credentials.vault_log import VaultLog, VaultLogError, VaultTrail
from app.procurement.systems import ISSUING_PATHS
from app.review.queries import RunPage

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedRequest:
    """One request as the vault's log has it: a line when it was asked and one when it was answered, times in UTC.

    `asked_with` is the accessor of the token that asked; `issued` the accessor or lease id of what came back.
    """

    request_id: str
    operation: str
    path: str
    meaning: str
    asked: datetime | None
    answered: datetime | None
    asked_with: str | None
    issued: str | None
    names_run: bool
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultSide:
    """What the audit log says about a run; `problem` says why it says nothing.

    `requests` are the trail's lines put together by request. The last two hold ids of issues only one side knows.
    """

    trail: VaultTrail | None
    problem: str | None
    requests: tuple[LoggedRequest, ...]
    only_recorded: frozenset[str]
    only_in_log: frozenset[str]

    def confirms(self, request_id: str | None) -> bool:
        """Whether the log has an answer without error to this request."""
        return self.trail is not None and request_id in self.trail.answered


def vault_side(page: RunPage, audit_log: Path | None, *, afterwards: bool = True) -> VaultSide:
    """Read the log for one run; with `afterwards` also until the last of its credentials would have ended by itself.

    That is a quarter of an hour of the log more, in which others run, but it shows a use after the end.
    """
    if audit_log is None:
        return _nothing("VAULT_AUDIT_LOG is not set, so the vault's own lines cannot be shown here.")
    if not page.attempts:
        return _nothing("No attempt has been made yet, so the vault knows nothing of this run.")
    try:
        trail = VaultLog(audit_log).trail(
            page.run.run_id,
            wrapping_accessors=[attempt.wrapping_accessor for attempt in page.attempts],
            since=min(attempt.dispatched_at for attempt in page.attempts),
            until=_end(page, afterwards=afterwards),
        )
    except VaultLogError as error:
        return _nothing(f"The vault's audit log cannot be read: {error}.")
    issued = {line.request_id for line in trail.lines if line.path in ISSUING_PATHS} & trail.answered
    recorded = {credential.request_id for credential in page.credentials}
    return VaultSide(
        trail=trail,
        problem=None,
        requests=_requests(trail, page),
        only_recorded=frozenset(recorded - issued),
        only_in_log=frozenset(issued - recorded),
    )


def _nothing(problem: str) -> VaultSide:
    empty: frozenset[str] = frozenset()
    return VaultSide(trail=None, problem=problem, requests=(), only_recorded=empty, only_in_log=empty)


def _end(page: RunPage, *, afterwards: bool) -> datetime | None:
    """When the run and its tokens had ended, or nothing more can happen to its credentials; None while under way."""
    if page.run.state not in {RunState.COMPLETED, RunState.FAILED}:
        return None
    times = [page.run.finished_at]
    times += [attempt.revoked_at or attempt.token_expires_at for attempt in page.attempts]
    if afterwards:
        times += [credential.expires_at for credential in page.credentials]
    return max((time for time in times if time is not None), default=None)


def _requests(trail: VaultTrail, page: RunPage) -> tuple[LoggedRequest, ...]:
    """The requests of a trail in the order of their first lines."""
    lines: dict[str, list[AuditLine]] = {}
    for line in trail.lines:
        lines.setdefault(line.request_id, []).append(line)
    words = _Words(page)
    return tuple(_request(each, words) for each in lines.values())


class _Words:
    """Says what a request of one run was for, by what the application recorded, else by its path."""

    def __init__(self, page: RunPage) -> None:
        self._recorded = {
            each.login_request_id: f"login of attempt {each.number}" for each in page.attempts
        } | {each.request_id: f"issue for {each.tool}" for each in page.credentials}
        self._tools = {each.accessor: each.tool for each in page.credentials if each.accessor}

    def meaning(self, line: AuditLine) -> str:
        recorded = self._recorded.get(line.request_id)
        if recorded is not None:
            return recorded
        if line.path == "auth/token/lookup-self":
            tool = self._tools.get(line.accessor or "")
            return f"{tool} checks the API key it was shown" if tool else "a token looks itself up"
        if line.path == "auth/token/revoke-self":
            return "end of the run token, and of all leased with it"
        if line.path == "sys/wrapping/unwrap":
            return "the worker unwraps the SecretID"
        if line.path.endswith("/secret-id"):
            return "the dispatcher mints a wrapped SecretID"
        return "not recorded by the application"


def _request(lines: list[AuditLine], words: _Words) -> LoggedRequest:
    first = lines[0]
    return LoggedRequest(
        request_id=first.request_id,
        operation=first.operation,
        path=first.path,
        meaning=words.meaning(first),
        asked=_first(line.time for line in lines if line.type == "request"),
        answered=_first(line.time for line in lines if line.type == "response"),
        # A login is asked for without a token; its answer names the token it made.
        asked_with=_first(line.accessor for line in lines if line.type == "request"),
        issued=_first(line.issued_accessor or line.lease_id for line in lines),
        names_run=any(line.run_id is not None for line in lines),
        error=_first(line.error for line in lines),
    )


def _first(values: Iterable[Found | None]) -> Found | None:
    return next((value for value in values if value is not None), None)
