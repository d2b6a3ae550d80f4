"""Credentials: those that may still be valid, each with the time it has left, and the ended ones."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.credentials.lineage import CredentialKind
from app.procurement.labels import KINDS, SOURCES, worded
from app.procurement.systems import SYSTEMS
from app.review.queries.credential_list import CredentialFilter, CredentialSort, CredentialState
from app.web.list_queries import PAGE, choice, cursor, days, ignore
from app.web.services import services

bp = Blueprint("issued_credentials", __name__, url_prefix="/credentials")
#: The value of `state` for all credentials; without one, those that may still be valid are listed.
_ANY = "any"
_STATES = (*CredentialState, _ANY)
_TOOLS = [system.name for system in SYSTEMS]


@bp.get("")
def queue() -> ResponseReturnValue:
    """Credentials that match the query: those without a known end, next end first, or others, newest first."""
    now, after = services().clock.now(), cursor()
    state = choice("state", _STATES) or CredentialState.ALIVE.value
    given = {
        "tool": choice("tool", _TOOLS),
        "kind": choice("kind", list(CredentialKind)),
        "run": _run(),
        "within": days(),
    }
    chosen = {name: value for name, value in given.items() if value}
    sort = choice("sort", list(CredentialSort)) or (
        CredentialSort.NEXT_END if state == CredentialState.ALIVE else CredentialSort.NEWEST
    )
    wanted = CredentialFilter(
        state=None if state == _ANY else CredentialState(state),
        tool=chosen.get("tool"),
        kind=chosen.get("kind"),
        run_id=UUID(chosen["run"]) if "run" in chosen else None,
        since=now - timedelta(days=int(chosen["within"])) if "within" in chosen else None,
    )
    lines, alive = services().queries.credentials(
        wanted, sort=CredentialSort(sort), after=after, limit=PAGE + 1, now=now
    )
    return render_template(
        "credentials.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].credential.credential_id if len(lines) > PAGE else None,
        after=after,
        alive=alive,
        total=sum(each.number for each in alive),
        now=now,
        state=state,
        states=_STATES,
        named_tools=[(name, worded(SOURCES, name)) for name in _TOOLS],
        named_kinds=[(kind.value, worded(KINDS, kind)) for kind in CredentialKind],
        sort=sort,
        chosen=chosen,
    )


def _run() -> str | None:
    """The run in the query, as written; None if it is not set or is not an id."""
    value = request.args.get("run", "").strip()
    try:
        return str(UUID(value)) if value else None
    except ValueError:
        ignore("run", value)
        return None
