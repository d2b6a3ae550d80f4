"""Access control: one line per endpoint. The application does not start if an endpoint has no line."""

from collections.abc import Mapping
from contextlib import suppress
from enum import Enum

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.review.roles import EXPORTS, Permission
from app.web.recording.event_notes import note
from app.web.sign_in import sign_in, visitor
from app.web.sign_in.sessions import browser_session
from app.web.sign_in.tokens import TokenError


class Open(Enum):
    """Access without a permission."""

    PUBLIC = "everyone, signed in or not"
    SIGNED_IN = "everyone who is signed in, with or without a role"


#: What each endpoint requires. Reading and writing are separate endpoints.
ACCESS: Mapping[str, Permission | Open] = {
    "static": Open.PUBLIC,
    "start.health": Open.PUBLIC,
    "start.ready": Open.PUBLIC,
    "start.home": Permission.READ,
    "flags.queue": Permission.READ,
    "flags.show": Permission.READ,
    "bulk.look": Permission.DECIDE,
    "bulk.do": Permission.DECIDE,
    "saved_views.save": Permission.READ,
    "saved_views.rename": Permission.READ,
    "saved_views.delete": Permission.READ,
    "news.events": Permission.READ,
    "news.since": Permission.READ,
    "calls.answer": Permission.READ,
    "calls.download": Permission.EXPORT,
    "decisions.back": Permission.READ,
    "decisions.decide": Permission.DECIDE,
    "decisions.concur": Permission.DECIDE,
    "decisions.undo": Permission.DECIDE,
    "decisions.assign": Permission.ASSIGN,
    "decisions.comment": Permission.DECIDE,
    "drafts.save": Permission.DECIDE,
    "drafts.discard": Permission.DECIDE,
    "runs.queue": Permission.READ,
    "runs.show": Permission.READ,
    "runs.live": Permission.READ,
    "runs.events": Permission.READ,
    "runs.confirm_stop": Permission.STOP,
    "runs.stop": Permission.STOP,
    "actions.queue": Permission.READ,
    "actions.show": Permission.READ,
    "actions.request_run": Permission.REQUEST_RUN,
    "issued_credentials.queue": Permission.READ,
    "exposure.show": Permission.READ_ALARMS,
    "exposure.compare": Permission.PRESENT,
    "switches.queue": Permission.READ_ALARMS,
    "switches.confirm": Permission.SWITCH,
    "switches.turn": Permission.SWITCH,
    "log_lines.search": Permission.READ_ALARMS,
    "vendors.show": Permission.READ,
    "alarms.queue": Permission.READ_ALARMS,
    "alarms.show": Permission.READ_ALARMS,
    "alarms.acknowledge": Permission.HANDLE_ALARMS,
    "alarms.close": Permission.HANDLE_ALARMS,
    "security_events.trail": Permission.READ_EVENTS,
    "three_sides.show": Permission.READ,
    "tour.show": Permission.READ,
    "tour.start_again": Permission.PRESENT,
    "rehearsals.show": Permission.READ_ALARMS,
    "rehearsals.start": Permission.PRESENT,
    "days.queue": Permission.READ_ALARMS,
    "days.show": Permission.READ_ALARMS,
    "days.download": Permission.READ_ALARMS,
    "days.start": Permission.PRESENT,
    "help.show": Open.SIGNED_IN,
    "stack.show": Permission.READ,
    "exports.contract_file": Permission.EXPORT,
    "exports.contract_file_pdf": Permission.EXPORT,
    "exports.flags_csv": Permission.EXPORT,
    "exports.flags_json": Permission.EXPORT,
    "exports.vault_log": Permission.EXPORT_VAULT_LOG,
    "exports.keys": Open.PUBLIC,
    "api.openapi": Open.PUBLIC,
    "api.me": Open.SIGNED_IN,
    "api.submit": Permission.REQUEST_RUN,
    "api.actions": Permission.READ,
    "api.action": Permission.READ,
    "api.contract_file": Permission.EXPORT,
    "api.request_run": Permission.REQUEST_RUN,
    "api.runs": Permission.READ,
    "api.run": Permission.READ,
    "api.stop_run": Permission.STOP,
    "api.switches": Permission.READ_ALARMS,
    "api.switch_order": Permission.READ_ALARMS,
    "api.order_switch": Permission.SWITCH,
    "api.flags": Permission.READ,
    "api.flag": Permission.READ,
    "api.lineage": Permission.READ,
    "api.decide": Permission.DECIDE,
    "api.concur": Permission.DECIDE,
    "api.undo": Permission.DECIDE,
    "api.assign": Permission.ASSIGN,
    "api.comment": Permission.DECIDE,
    "api.alarms": Permission.READ_ALARMS,
    "api.alarm": Permission.READ_ALARMS,
    "api.acknowledge_alarm": Permission.HANDLE_ALARMS,
    "api.close_alarm": Permission.HANDLE_ALARMS,
    "api.metrics": Permission.READ_ALARMS,
    "api.answer": Permission.READ,
    "api.answer_bytes": Permission.EXPORT,
    "api.security_events": Permission.READ_EVENTS,
    "api.log_lines": Permission.READ_ALARMS,
    "api.reconciliation": Permission.READ,
    "sign_in.static": Open.PUBLIC,
    "sign_in.page": Open.PUBLIC,
    "sign_in.start": Open.PUBLIC,
    "sign_in.callback": Open.PUBLIC,
    "sign_in.signed_out": Open.PUBLIC,
    "sign_in.remaining": Open.SIGNED_IN,
    "sign_in.extend": Open.SIGNED_IN,
    "sign_in.out": Open.SIGNED_IN,
    "sign_in.out_everywhere": Open.SIGNED_IN,
}
#: Endpoints that export data.
EXPORTING = frozenset(endpoint for endpoint, needed in ACCESS.items() if needed in EXPORTS)
#: Endpoints that pages request by themselves: such requests do not extend a session.
AUTOMATIC = frozenset(
    {
        *("stack.show", "switches.queue", "rehearsals.show", "days.queue"),
        *("runs.live", "runs.events", "news.events", "news.since", "sign_in.remaining"),
    }
)
#: Endpoints that must answer while the database is down, to people who were signed in just before.
WITHOUT_DATABASE = frozenset({"stack.show"})
#: Below this path, only bearer tokens are accepted, and errors are JSON.
API = "/api/"
#: Methods that only read.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class UnlistedError(Exception):
    """A route has no line in `ACCESS`, or a line has no route."""


def init_app(app: Flask) -> None:
    """Guard every route of `app`. Call this after all routes are registered. Raises `UnlistedError`."""
    check(app, ACCESS)
    app.before_request(_guard)
    app.jinja_env.globals.update(allowed=allowed)


def allowed(endpoint: str) -> bool:
    """Whether this application has the page, and the person behind the request may use it: pages link to no other."""
    if endpoint not in current_app.view_functions:
        return False
    needed, known = ACCESS[endpoint], visitor()
    if isinstance(needed, Permission):
        return known is not None and known.may(needed)
    return needed is Open.PUBLIC or known is not None


def check(app: Flask, access: Mapping[str, Permission | Open]) -> None:
    """Raises `UnlistedError` unless the table and the routes of `app` name the same endpoints."""
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    if unlisted := sorted(routes - access.keys()):
        raise UnlistedError(f"without a line in app.web.access.ACCESS: {', '.join(unlisted)}")
    if left_over := sorted(access.keys() - routes):
        raise UnlistedError(f"in app.web.access.ACCESS without a route: {', '.join(left_over)}")


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None:
        # The path or the method is unknown: the response will be 404 or 405, with the way on for this person.
        if not request.path.startswith(API):
            with suppress(SQLAlchemyError):
                browser_session().counts = False
                g.person = browser_session().person
        return None
    needed = ACCESS[request.endpoint]
    if needed is Open.PUBLIC:
        return None
    _identify()
    if g.person is None:
        return _lead_to_sign_in()
    if isinstance(needed, Permission) and not g.person.may(needed):
        abort(403)
    return None


def _identify() -> None:
    """Set `g.person`, and `g.by_token` where only a bearer token counts. An invalid token ends the request with 401."""
    g.by_token = request.path.startswith(API)
    if g.by_token:
        # Cookies are ignored here, so no other site can make a browser act for its user.
        presented = request.headers.get("Authorization")
        try:
            g.person = sign_in().provider.bearer(presented) if presented is not None else None
        except TokenError as error:
            note(reason=str(error))
            abort(401)
        return
    browser = browser_session()
    browser.counts = request.endpoint not in AUTOMATIC
    browser.may_recall = request.endpoint in WITHOUT_DATABASE
    g.person = browser.person


def _lead_to_sign_in() -> ResponseReturnValue:
    if request.path.startswith(API) or request.method not in SAFE_METHODS:
        abort(401)  # redirecting a form to the sign-in page would lose what was typed
    following = request.full_path if request.query_string else request.path
    return redirect(url_for("sign_in.page", next=following))
