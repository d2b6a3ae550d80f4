"""The vault's audit lines about a run, grouped by request and compared with the application's records."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from app.credentials.log_parts import notes_about
from app.credentials.tables import RunState
from app.credentials.vault_line import AuditLine
from app.credentials.vault_log import VaultLog, VaultLogError, VaultTrail
from app.procurement.systems import ISSUING_PATHS
from app.review.queries import RunLineage

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedRequest:
    """One request in the vault's log: a request line at `asked` and a response line at `answered`, in UTC.

    `asked_with` is the accessor of the requesting token; `issued` the accessor or lease id in the response.
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
    """What the audit log says about a run; `problem` says why there is nothing.

    The last two fields hold request ids of credentials that only one side knows.
    """

    trail: VaultTrail | None
    problem: str | None
    requests: tuple[LoggedRequest, ...]
    only_recorded: frozenset[str]
    only_in_log: frozenset[str]

    def confirms(self, request_id: str | None) -> bool:
        """Whether the log has a successful response to this request."""
        return self.trail is not None and request_id in self.trail.answered


def vault_side(
    page: RunLineage, audit_log: Path | None, database: Engine, *, afterwards: bool = True
) -> VaultSide:
    """Read the log for one run; with `afterwards`, to the expiry of its last credential.

    That shows any use after the end. Where an answer is missing that was recorded, all of the log of that time is read.
    """
    if audit_log is None:
        return _nothing("VAULT_AUDIT_LOG is not set, so the vault’s log lines cannot be shown here.")
    if not page.attempts:
        return _nothing("No attempt has been made yet, so the vault has no record of this run.")
    read = partial(
        VaultLog(audit_log).trail,
        page.run.run_id,
        wrapping_accessors=[attempt.wrapping_accessor for attempt in page.attempts],
        since=min(attempt.dispatched_at for attempt in page.attempts),
        until=_end(page, afterwards=afterwards),
    )
    recorded = {credential.request_id for credential in page.credentials}
    logins = {attempt.login_request_id for attempt in page.attempts} - {None}
    try:
        trail = read(notes=notes_about(database, page.run.run_id))
        if not recorded | logins <= trail.answered:
            trail = read()  # whether a line is missing, only all of the log can say
    except VaultLogError as error:
        return _nothing(f"The vault's audit log cannot be read: {error}.")
    issued = {line.request_id for line in trail.lines if line.path in ISSUING_PATHS} & trail.answered
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


def _end(page: RunLineage, *, afterwards: bool) -> datetime | None:
    """When the run and its tokens had ended (`afterwards`: and its credentials); None while one of them may be alive."""
    if page.run.state not in {RunState.COMPLETED, RunState.FAILED}:
        return None
    if any(attempt.revoked_at is None for attempt in page.attempts):
        return None
    times = [page.run.finished_at]
    times += [attempt.revoked_at or attempt.token_expires_at for attempt in page.attempts]
    if afterwards:
        times += [credential.expires_at for credential in page.credentials]
    return max((time for time in times if time is not None), default=None)


def _requests(trail: VaultTrail, page: RunLineage) -> tuple[LoggedRequest, ...]:
    """The requests of a trail, in the order of their first lines."""
    lines: dict[str, list[AuditLine]] = {}
    for line in trail.lines:
        lines.setdefault(line.request_id, []).append(line)
    words = _Words(page)
    return tuple(_request(each, words) for each in lines.values())


class _Words:
    """Explains a request of one run, from the application's records or else from its path."""

    def __init__(self, page: RunLineage) -> None:
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
            return f"{tool} checks the API key it received" if tool else "a token looks up itself"
        if line.path == "auth/token/revoke-self":
            return "revocation of the run token and everything leased with it"
        if line.path == "sys/wrapping/unwrap":
            return "the worker unwraps the SecretID"
        if line.path.endswith("/secret-id"):
            return "the dispatcher requests a wrapped SecretID"
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
        # A login request carries no token; its response names the token it issued.
        asked_with=_first(line.accessor for line in lines if line.type == "request"),
        issued=_first(line.issued_accessor or line.lease_id for line in lines),
        names_run=any(line.run_id is not None for line in lines),
        error=_first(line.error for line in lines),
    )


def _first(values: Iterable[Found | None]) -> Found | None:
    return next((value for value in values if value is not None), None)
