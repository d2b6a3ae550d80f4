"""The pages for sign-in and sign-out."""

import logging
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.web.recording.acts import ROLES_CHANGED
from app.web.recording.event_notes import event_notes, note, note_refusal
from app.web.services import services
from app.web.sign_in import SIGNED_OUT, sign_in
from app.web.sign_in.assurance import SignedIn
from app.web.sign_in.current_person import person
from app.web.sign_in.provider import Pending, SignInRefusedError
from app.web.sign_in.provider_cache import ProviderError
from app.web.sign_in.redirects import safe_local_path
from app.web.sign_in.session_expiry import session_end
from app.web.sign_in.sessions import browser_session
from app.web.sign_in.tokens import TokenError

bp = Blueprint("sign_in", __name__, static_folder="static", static_url_path="/sign-in/static")
log = logging.getLogger(__name__)

#: Seconds that a sign-in may take, and how many one browser may have under way in several tabs.
_PATIENCE = 600
_AT_ONCE = 5
_PENDING = "sign_in"


@bp.get("/sign-in")
def page() -> ResponseReturnValue:
    """The sign-in page."""
    return render_template("sign_in/page.html", following=safe_local_path(request.args.get("next")))


@bp.get("/sign-in/start")
def start() -> ResponseReturnValue:
    """Redirect to the provider. Its response must come to the same browser: the session keeps state, nonce and verifier."""
    following = safe_local_path(request.args.get("next"))
    service = sign_in()
    if request.host != urlsplit(service.address).netloc and "moved" not in request.args:
        # The provider redirects to the registered host, which would not see a cookie of this one.
        # Only once: behind a proxy, this application may never see the host that browsers see.
        return redirect(service.address + url_for(".start", next=following, moved=1))
    state = secrets.token_urlsafe(32)
    pending = Pending(nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))
    address = service.provider.address(state, pending)
    waiting = sorted(session.get(_PENDING, {}).items(), key=lambda item: item[1][-1])[1 - _AT_ONCE :]
    session[_PENDING] = {**dict(waiting), state: [pending.nonce, pending.verifier, following, time.time()]}
    return redirect(address)


@bp.get("/sign-in/callback")
def callback() -> ResponseReturnValue:
    """The response of the provider: the person it identifies gets a new session."""
    waiting = dict(session.get(_PENDING, {}))
    found = waiting.pop(request.args.get("state", ""), None)
    if found is None:
        return _refused(
            "This sign-in was started in another browser, took too long, or was already completed."
        )
    session[_PENDING] = waiting
    try:
        signed_in = _identified(found)
    except SignInRefusedError as refused:
        return _refused(str(refused))
    _note(signed_in)
    browser_session().sign_in(signed_in.person)
    services().drafts.erase_old()
    log.info("signed in: %s", signed_in.person.subject)
    return redirect(safe_local_path(found[2]))


def _identified(found: list[Any]) -> SignedIn:
    """The person in the provider's response. Raises `SignInRefusedError`, `ProviderError`."""
    nonce, verifier, _, began = found
    provider = sign_in().provider
    if time.time() - began > _PATIENCE:
        raise SignInRefusedError("The sign-in took longer than ten minutes.")
    issuers = request.args.getlist("iss")
    if not issuers and provider.states_issuer:
        raise SignInRefusedError("The response does not say which identity provider it came from.")
    if any(issuer != provider.issuer for issuer in issuers):
        raise SignInRefusedError("The response came from a different identity provider.")
    if "error" in request.args or "code" not in request.args:
        raise SignInRefusedError("The identity provider did not sign you in.")
    try:
        return provider.identify(request.args["code"], Pending(nonce=nonce, verifier=verifier))
    except TokenError as error:
        log.warning("a sign-in was refused: %s", error)
        note(token=str(error))
        raise SignInRefusedError("The response of the identity provider could not be verified.") from None


@bp.get("/session")
def remaining() -> ResponseReturnValue:
    """The seconds left of the session, for open pages. Does not extend the session."""
    return {"seconds": end.seconds if (end := session_end()) else 0}


@bp.post("/session/extend")
def extend() -> ResponseReturnValue:
    """Extend the session: any request counts as activity, so nothing else is needed."""
    if request.accept_mimetypes.best == "application/json":
        return remaining()
    return redirect(safe_local_path(request.form.get("next")), 303)


@bp.post("/sign-out")
def out() -> ResponseReturnValue:
    """End this session, here and at the provider."""
    subject = person().subject
    browser_session().end()
    services().drafts.discard_all(subject)
    return _leave(subject)


@bp.post("/sign-out-everywhere")
def out_everywhere() -> ResponseReturnValue:
    """End all sessions of this person in all browsers, and the one at the provider."""
    subject = person().subject
    browser_session().end_everywhere()
    services().drafts.discard_all(subject)
    return _leave(subject)


@bp.get(SIGNED_OUT)
def signed_out() -> ResponseReturnValue:
    """The page after sign-out."""
    return render_template("sign_in/signed_out.html")


def _leave(subject: str) -> ResponseReturnValue:
    log.info("signed out: %s", subject)
    service = sign_in()
    try:
        address = service.provider.end_session(subject=subject, back_to=service.address + SIGNED_OUT)
    except ProviderError:
        address = None  # the session here has ended anyway
    return redirect(address or url_for(".signed_out"), 303)


def _note(signed_in: SignedIn) -> None:
    """Note who signs in and how, and whether the roles differ from those at the last sign-in."""
    person = signed_in.person
    roles = sorted(person.roles)
    event_notes().person = person
    note(roles=roles, **signed_in.assurance)
    before = services().queries.people().get(person.subject)
    if before is not None and before.roles != person.roles:
        event_notes().also.append((ROLES_CHANGED, {"before": sorted(before.roles), "now": roles}))


def _refused(why: str) -> ResponseReturnValue:
    note_refusal(why)
    # In another tab of this browser the person may have signed in meanwhile.
    g.person = browser_session().person
    return render_template("sign_in/refused.html", why=why), 400
