"""The filter of the vault's log in a query string, such as `/audit?since=2026-11-30T08:00&kind=login-refused`."""

from datetime import datetime

from flask import request

from app.credentials.vault_answer import AnswerKind
from app.procurement.systems import SYSTEMS
from app.review.queries.log_line_filter import VaultLogFilter, VaultOutcome
from app.web.comparable_times import moments_of
from app.web.list_queries import choice, identifier, ignore, text

TOOLS = [system.name for system in SYSTEMS]
_YEARS = range(2000, 2100)


def log_line_query() -> tuple[VaultLogFilter, dict[str, str]]:
    """The filter, and the parameters that it is made of, as written. Invalid ones are ignored, as in other lists."""
    since, until, run_id = _local("since"), _local("until"), identifier("run")
    given = {
        "since": _shown(since),
        "until": _shown(until),
        "run": str(run_id) if run_id else None,
        "tool": choice("tool", TOOLS),
        "kind": choice("kind", list(AnswerKind)),
        "outcome": choice("outcome", list(VaultOutcome)),
        "identity": text("identity"),
        "text": text("text"),
    }
    chosen = {name: value for name, value in given.items() if value}
    wanted = VaultLogFilter(
        # An hour that the clock shows twice belongs to the time asked for as a whole.
        since=moments_of(since)[0] if since else None,
        until=moments_of(until)[-1] if until else None,
        run_id=run_id,
        tool=chosen.get("tool"),
        kind=AnswerKind(chosen["kind"]) if "kind" in chosen else None,
        outcome=VaultOutcome(chosen["outcome"]) if "outcome" in chosen else None,
        identity=chosen.get("identity"),
        text=chosen.get("text"),
    )
    return wanted, chosen


def _local(name: str) -> datetime | None:
    """A time on Washington's clock, such as 2026-11-30T08:00; None if it is not set, or is none."""
    value = request.args.get(name, "").strip()
    if not value:
        return None
    try:
        local = datetime.fromisoformat(value)
    except ValueError:
        local = None
    if local is None or local.tzinfo or local.year not in _YEARS or not moments_of(local):
        ignore(name, value)
        return None
    return local


def _shown(local: datetime | None) -> str | None:
    """As a browser's field for a time takes it."""
    return local.isoformat(timespec="seconds" if local.second else "minutes") if local else None
