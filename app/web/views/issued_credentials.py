"""Credentials: those that may still be valid, each with the time it has left, and the ended ones."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.credentials.lineage import CredentialKind
from app.procurement.labels import KINDS, SOURCES, worded
from app.procurement.systems import SYSTEMS
from app.review.queries.credential_list import CredentialFilter, CredentialSort, CredentialState
from app.web.list_queries import PAGE, choice, cursor, days, identifier
from app.web.services import services

bp = Blueprint("issued_credentials", __name__, url_prefix="/credentials")
#: The value of `state` for all credentials; without one, those that may still be valid are listed.
_ANY = "any"
_STATES = (*CredentialState, _ANY)
_TOOLS = [system.name for system in SYSTEMS]


@bp.get("")
def queue() -> ResponseReturnValue:
    """Credentials that match the query: those without a known end, next end first, or others, newest first."""
    now, after, run_id = services().clock.now(), cursor(), identifier("run")
    state = choice("state", _STATES) or CredentialState.ALIVE.value
    given = {
        "tool": choice("tool", _TOOLS),
        "kind": choice("kind", list(CredentialKind)),
        "run": str(run_id) if run_id else None,
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
        run_id=run_id,
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
