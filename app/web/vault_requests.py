"""Lines of the vault's audit log, put together to the requests they are about, and said in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.credentials.vault_line import AuditLine
from app.credentials.vault_log import VaultTrail
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


def requests(trail: VaultTrail, page: RunPage) -> tuple[LoggedRequest, ...]:
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
