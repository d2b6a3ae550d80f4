"""The vault's side of a run: its own audit lines, set beside what the application recorded."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.credentials.tables import RunState
from app.credentials.vault_log import VaultLog, VaultLogError, VaultTrail
from app.procurement.systems import ISSUING_PATHS
from app.review.queries import RunPage
from app.web.vault_requests import LoggedRequest, requests


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
        requests=requests(trail, page),
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
