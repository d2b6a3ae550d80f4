"""Switches: what is cut off, and orders to cut off the agent, a tool, a worker, a run or a credential."""

from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import usecases
from app.credentials.grants import SignedToken
from app.credentials.switch_orders import AGENT, NothingToSwitchError, SwitchKind, Turn, UnknownTargetError
from app.procurement.free_text import REASON_LIMIT, refusal, tidied
from app.procurement.labels import SOURCES, worded
from app.procurement.systems import SYSTEMS
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("switches", __name__, url_prefix="/switches")
#: Orders on the page.
_NEWEST = 50
#: Tools whose credentials nobody can withdraw once they are issued.
SIGNED = {system.name for system in SYSTEMS if isinstance(system.credential, SignedToken)}


@bp.get("")
def queue() -> ResponseReturnValue:
    """What is cut off now, with the effect at the vault, and the newest orders."""
    page = services().queries.switches(limit=_NEWEST)
    effects = {worker.name: worker.effect for worker in page.workers if worker.has_switch}
    return render_template(
        "switches/list.html",
        page=page,
        targets=[
            (SwitchKind.AGENT, AGENT),
            *((SwitchKind.TOOL, system.name) for system in SYSTEMS),
            *((SwitchKind.WORKER, name) for name in effects),
        ],
        effects=effects,
        named=named,
        newest=_NEWEST,
    )


@bp.get("/<kind>/<target>/<turn>")
def confirm(kind: str, target: str, turn: str) -> ResponseReturnValue:
    """Explain the effect of an order, and ask for a reason."""
    return _form(*_known(kind, turn), target)


@bp.post("/<kind>/<target>/<turn>")
def turn(kind: str, target: str, turn: str) -> ResponseReturnValue:
    """Append the order, or show the form again. Another process carries it out."""
    what, way = _known(kind, turn)
    reason = tidied(request.form.get("reason", ""))
    problem = refusal(reason, limit=REASON_LIMIT, lines=True) if reason else "Enter a reason."
    if problem:
        return _form(what, way, target, reason=reason, error=problem)
    me = person()
    try:
        new = usecases.order_switch(
            services().sessions, what, target, way, by=me.subject, by_name=me.name, reason=reason
        )
    except UnknownTargetError:
        abort(404)
    except NothingToSwitchError as nothing:
        flash(f"Nothing was ordered. {nothing}", "info")
    else:
        note(switch=f"{what} {target} {way}", new=new is not None)
        if new is None:
            flash(f"Nothing was ordered: {named(what, target)} was already switched {way}.", "info")
        else:
            flash("Ordered. The list of orders below shows when it is confirmed.", "info")
    return redirect(url_for(".queue"), HTTPStatus.SEE_OTHER)


def named(kind: str, target: str) -> str:
    """A target within a sentence: "the agent", "SAM.gov registrations", "the run 3f2a…"."""
    match SwitchKind(kind):
        case SwitchKind.AGENT:
            return "the agent"
        case SwitchKind.TOOL:
            return worded(SOURCES, target)
        case _:
            return f"the {kind} {target}"


def _known(kind: str, turn: str) -> tuple[SwitchKind, Turn]:
    try:
        return SwitchKind(kind), Turn(turn)
    except ValueError:
        abort(404)


def _form(
    kind: SwitchKind, way: Turn, target: str, *, reason: str = "", error: str = ""
) -> ResponseReturnValue:
    try:
        with services().sessions.begin() as db:
            usecases.require_switch(db, kind, target, way)
    except UnknownTargetError:
        abort(404)
    except NothingToSwitchError as nothing:
        flash(f"There is nothing to switch. {nothing}", "info")
        return redirect(url_for(".queue"))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render_template(
        "switches/confirm.html",
        kind=kind,
        target=target,
        turn=way,
        what=named(kind, target),
        signed=target in SIGNED,
        returns=kind.returns,
        reason=reason,
        error=error,
    ), status
