"""Who may reach which page: one line per endpoint. An endpoint that is not in here keeps the application from starting."""

from collections.abc import Mapping
from enum import Enum

from flask import Flask, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from app.domain.roles import Permission
from app.web.sign_in import sign_in
from app.web.sign_in.bearer import bearer
from app.web.sign_in.sessions import BrowserSession
from app.web.sign_in.tokens import TokenError


class Open(Enum):
    """What needs no permission."""

    PUBLIC = "everybody, signed in or not"
    SIGNED_IN = "everybody who is signed in, with a role or without"


#: Endpoint to what it takes to reach it. Reading and writing are endpoints of their own.
ACCESS: Mapping[str, Permission | Open] = {
    "static": Open.PUBLIC,
    "start.health": Open.PUBLIC,
    "start.home": Permission.READ,
    "flags.queue": Permission.READ,
    "flags.show": Permission.READ,
    "runs.queue": Permission.READ,
    "runs.show": Permission.READ,
    "stack.show": Permission.READ,
    "sign_in.static": Open.PUBLIC,
    "sign_in.page": Open.PUBLIC,
    "sign_in.start": Open.PUBLIC,
    "sign_in.callback": Open.PUBLIC,
    "sign_in.signed_out": Open.PUBLIC,
    "sign_in.extend": Open.SIGNED_IN,
    "sign_in.out": Open.SIGNED_IN,
    "sign_in.out_everywhere": Open.SIGNED_IN,
}
#: Endpoints that pages ask for by themselves: being asked does not keep a session from ending.
AUTOMATIC = frozenset({"stack.show"})
#: Below here, programs speak: bearer tokens are taken, and refusals are JSON.
API = "/api/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class UnlistedError(Exception):
    """A route has no line in `ACCESS`, or a line has no route."""


def join(app: Flask, csrf: CSRFProtect) -> None:
    """Guard every route of `app`; to be called once all are there. Raises `UnlistedError`."""
    check(app, ACCESS)

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        # Without an endpoint it is a page that does not exist, or not for this method: the answer says so.
        needed = Open.PUBLIC if request.endpoint is None else ACCESS[request.endpoint]
        by_token = _identify(needed)
        refusal = _refusal(needed)
        if refusal is None and not by_token:
            csrf.protect()
        return refusal


def check(app: Flask, access: Mapping[str, Permission | Open]) -> None:
    """Raises `UnlistedError` unless the table and the routes of `app` name the same endpoints."""
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    if unlisted := sorted(routes - access.keys()):
        raise UnlistedError(f"without a line in app.web.access.ACCESS: {', '.join(unlisted)}")
    if left_over := sorted(access.keys() - routes):
        raise UnlistedError(f"in app.web.access.ACCESS without a route: {', '.join(left_over)}")


def _identify(needed: Permission | Open) -> bool:
    """Find out who is asking; whether a bearer token said so. One that is wrong ends the request with 401."""
    if needed is Open.PUBLIC:
        return False
    presented = request.headers.get("Authorization")
    if presented is not None and request.path.startswith(API):
        try:
            g.person = bearer(presented, sign_in().provider)
        except TokenError:
            abort(401)
        return True
    browser: BrowserSession = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    browser.use = request.endpoint not in AUTOMATIC
    g.person = browser.person
    return False


def _refusal(needed: Permission | Open) -> ResponseReturnValue | None:
    if needed is Open.PUBLIC:
        return None
    if g.person is None:
        if request.path.startswith(API) or request.method not in _SAFE:
            abort(401)
        following = request.full_path if request.query_string else request.path
        return redirect(url_for("sign_in.page", next=following))
    if isinstance(needed, Permission) and not g.person.may(needed):
        abort(403)
    return None
