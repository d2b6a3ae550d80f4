"""The pages of signing in and out."""

import logging
import secrets
import time
from typing import Any, cast

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.web.sign_in import SIGNED_OUT, sign_in
from app.web.sign_in.addresses import own
from app.web.sign_in.identity import person
from app.web.sign_in.provider import Pending, RefusedError
from app.web.sign_in.sessions import BrowserSession
from app.web.sign_in.tokens import ProviderError, TokenError

bp = Blueprint("sign_in", __name__, static_folder="static", static_url_path="/sign-in/static")
log = logging.getLogger(__name__)

#: Seconds somebody may take at the provider, and sign-ins one browser may have under way, in as many tabs.
_PATIENCE = 600
_AT_ONCE = 5
_PENDING = "sign_in"


@bp.get("/sign-in")
def page() -> ResponseReturnValue:
    """What this system is, and the way in."""
    return render_template("sign_in/page.html", following=own(request.args.get("next")))


@bp.get("/sign-in/start")
def start() -> ResponseReturnValue:
    """Off to the provider. Its answer must come back to this browser: state, nonce and verifier wait in the session."""
    following = own(request.args.get("next"))
    told = sign_in()
    if request.host_url.rstrip("/") != told.address:
        # The provider leads back to the one registered address, where a cookie set here would not be seen.
        return redirect(told.address + url_for(".start", next=following))
    state = secrets.token_urlsafe(32)
    pending = Pending(nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))
    try:
        address = told.provider.address(state, pending)
    except ProviderError as error:
        return _no_answer(error)
    waiting = dict(list(session.get(_PENDING, {}).items())[1 - _AT_ONCE :])
    waiting[state] = [pending.nonce, pending.verifier, following, time.time()]
    session[_PENDING] = waiting
    return redirect(address)


@bp.get("/sign-in/callback")
def callback() -> ResponseReturnValue:
    """Back from the provider: whoever it vouches for gets a new session."""
    waiting = dict(session.get(_PENDING, {}))
    found = waiting.pop(request.args.get("state", ""), None)
    if found is None:
        return _refused("The sign-in was begun in another browser, took too long, or was completed before.")
    session[_PENDING] = waiting
    nonce, verifier, following, began = found
    told = sign_in()
    if time.time() - began > _PATIENCE:
        return _refused("The sign-in took longer than ten minutes.")
    if request.args.get("iss", told.provider.issuer) != told.provider.issuer:
        return _refused("The answer came from another identity provider.")
    if "error" in request.args or "code" not in request.args:
        return _refused("The identity provider did not sign you in.")
    try:
        known = told.provider.identify(request.args["code"], Pending(nonce=nonce, verifier=verifier))
    except RefusedError:
        return _refused("The identity provider did not accept its own answer.")
    except TokenError as error:
        log.warning("a sign-in was refused: %s", error)
        return _refused("What the identity provider said about you could not be believed.")
    except ProviderError as error:
        return _no_answer(error)
    _browser().sign_in(known)
    log.info("signed in: %s", known.subject)
    return redirect(own(following))


@bp.post("/session/extend")
def extend() -> ResponseReturnValue:
    """Nothing but activity; the guard has noted it already."""
    if request.headers.get("Accept") == "application/json":
        ends = _browser().ends_at
        return {"ends_at": ends.isoformat() if ends else None}
    return redirect(own(request.form.get("next")), 303)


@bp.post("/sign-out")
def out() -> ResponseReturnValue:
    """End this session, here and at the provider."""
    subject = person().subject
    _browser().end()
    return _leave(subject)


@bp.post("/sign-out-everywhere")
def out_everywhere() -> ResponseReturnValue:
    """End all sessions of this person, in whatever browser, and the one at the provider."""
    subject = person().subject
    _browser().end_everywhere()
    return _leave(subject)


@bp.get(SIGNED_OUT)
def signed_out() -> ResponseReturnValue:
    """Says so."""
    return render_template("sign_in/signed_out.html")


def _leave(subject: str) -> ResponseReturnValue:
    log.info("signed out: %s", subject)
    told = sign_in()
    try:
        address = told.provider.end_session(subject=subject, back_to=told.address + SIGNED_OUT)
    except ProviderError:
        address = None  # the session here has ended all the same
    return redirect(address or url_for(".signed_out"), 303)


def _browser() -> BrowserSession:
    return cast("BrowserSession", cast("Any", session)._get_current_object())  # noqa: SLF001  # the proxy's documented way


def _refused(why: str) -> ResponseReturnValue:
    return render_template("sign_in/refused.html", why=why), 400


def _no_answer(error: ProviderError) -> ResponseReturnValue:
    log.error("the identity provider: %s", error)
    return render_template("sign_in/no_answer.html"), 503
