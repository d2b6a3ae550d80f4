"""Runs: the list, and one run as the seven steps of the pattern."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.store.tables import RunState
from app.web.queries import PAGE, choice, cursor
from app.web.sources import sources
from app.web.vault_side import vault_side

bp = Blueprint("runs", __name__, url_prefix="/runs")
_STATES: Sequence[str] = [state.value for state in RunState]


@bp.get("")
def queue() -> ResponseReturnValue:
    """All runs, newest first."""
    state, after = choice("state", _STATES), cursor()
    pages = sources().pages
    lines = pages.runs(state=state, after=after, limit=PAGE + 1)
    counts = pages.run_counts()
    return render_template(
        "runs/list.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].run.run_id if len(lines) > PAGE else None,
        after=after,
        state=state,
        by_state={name: counts.get(name, 0) for name in _STATES},
        total=sum(counts.values()) if state is None else counts.get(state, 0),
    )


@bp.get("/<uuid:run_id>")
def show(run_id: UUID) -> ResponseReturnValue:
    """One run: identity, policy, credentials, calls, their ends, and the vault's own lines about it."""
    page = sources().pages.run(run_id) or abort(404)
    vault = vault_side(page, sources().audit_log)
    return render_template("runs/show.html", page=page, vault=vault, now=datetime.now(UTC))
