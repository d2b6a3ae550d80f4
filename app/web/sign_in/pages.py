"""The pages of signing in and out."""

import logging
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.review.roles import Person
from app.web.sign_in import SIGNED_OUT, sign_in
from app.web.sign_in.current_person import person
from app.web.sign_in.provider import Pending, SignInRefusedError
from app.web.sign_in.provider_cache import ProviderError
from app.web.sign_in.redirects import safe_local_path
from app.web.sign_in.session_expiry import session_end
from app.web.sign_in.sessions import browser_session
from app.web.sign_in.tokens import TokenError

bp = Blueprint("sign_in", __name__, static_folder="static", static_url_path="/sign-in/static")
log = logging.getLogger(__name__)

#: Seconds somebody may take at the provider, and sign-ins one browser may have under way, in as many tabs.
_PATIENCE = 600
_AT_ONCE = 5
_PENDING = "sign_in"


@bp.get("/sign-in")
def page() -> ResponseReturnValue:
    """What this system is, and the way in."""
    return render_template("sign_in/page.html", following=safe_local_path(request.args.get("next")))


@bp.get("/sign-in/start")
def start() -> ResponseReturnValue:
    """Off to the provider. Its answer must come back to this browser: state, nonce and verifier wait in the session."""
    following = safe_local_path(request.args.get("next"))
    told = sign_in()
    if request.host != urlsplit(told.address).netloc and "moved" not in request.args:
        # The provider leads back to the one registered host, where a cookie set for this one would not be seen.
        # Only once: behind a proxy this application may never see the host that browsers see.
        return redirect(told.address + url_for(".start", next=following, moved=1))
    state = secrets.token_urlsafe(32)
    pending = Pending(nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))
    address = told.provider.address(state, pending)
    waiting = sorted(session.get(_PENDING, {}).items(), key=lambda item: item[1][-1])[1 - _AT_ONCE :]
    session[_PENDING] = {**dict(waiting), state: [pending.nonce, pending.verifier, following, time.time()]}
    return redirect(address)


@bp.get("/sign-in/callback")
def callback() -> ResponseReturnValue:
    """Back from the provider: whoever it vouches for gets a new session."""
    waiting = dict(session.get(_PENDING, {}))
    found = waiting.pop(request.args.get("state", ""), None)
    if found is None:
        return _refused("The sign-in was begun in another browser, took too long, or was completed before.")
    session[_PENDING] = waiting
    try:
        known = _vouched(found)
    except SignInRefusedError as refused:
        return _refused(str(refused))
    browser_session().sign_in(known)
    log.info("signed in: %s", known.subject)
    return redirect(safe_local_path(found[2]))


def _vouched(found: list[Any]) -> Person:
    """Who the provider's answer speaks for. Raises `SignInRefusedError`, `ProviderError`."""
    nonce, verifier, _, began = found
    provider = sign_in().provider
    if time.time() - began > _PATIENCE:
        raise SignInRefusedError("The sign-in took longer than ten minutes.")
    if request.args.get("iss", provider.issuer) != provider.issuer:
        raise SignInRefusedError("The answer came from another identity provider.")
    if "error" in request.args or "code" not in request.args:
        raise SignInRefusedError("The identity provider did not sign you in.")
    try:
        return provider.identify(request.args["code"], Pending(nonce=nonce, verifier=verifier))
    except TokenError as error:
        log.warning("a sign-in was refused: %s", error)
        raise SignInRefusedError("What the identity provider said about you could not be believed.") from None


@bp.get("/session")
def remaining() -> ResponseReturnValue:
    """When the session ends, asked by pages that are open; does not keep it from ending."""
    return {"seconds": end.seconds if (end := session_end()) else 0}


@bp.post("/session/extend")
def extend() -> ResponseReturnValue:
    """Nothing but activity, which has been noted already."""
    if request.accept_mimetypes.best == "application/json":
        return remaining()
    return redirect(safe_local_path(request.form.get("next")), 303)


@bp.post("/sign-out")
def out() -> ResponseReturnValue:
    """End this session, here and at the provider."""
    subject = person().subject
    browser_session().end()
    return _leave(subject)


@bp.post("/sign-out-everywhere")
def out_everywhere() -> ResponseReturnValue:
    """End all sessions of this person, in whatever browser, and the one at the provider."""
    subject = person().subject
    browser_session().end_everywhere()
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


def _refused(why: str) -> ResponseReturnValue:
    return render_template("sign_in/refused.html", why=why), 400
