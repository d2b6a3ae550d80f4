"""Answers for what goes wrong: plain words, a reference to find it in the log, and nothing from inside.

Pages for people; below /api/ the same as a problem document (RFC 9457).
"""

import logging
from http import HTTPStatus
from uuid import uuid4

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.connections.compatibility import IncompatibleError
from app.connections.database import trouble
from app.contract_file.pdf import PrintError
from app.review.queries.contract_file import TooLargeError
from app.web.access import API
from app.web.api import problem_details
from app.web.export_guard import BusyError, ForeignError
from app.web.sign_in import visitor
from app.web.sign_in.provider_cache import ProviderError

log = logging.getLogger(__name__)

_TEXTS = {
    HTTPStatus.BAD_REQUEST: ("This address is not understood", "Its filter or page mark is not a known one."),
    HTTPStatus.UNAUTHORIZED: (
        "You are not signed in",
        "What you sent was not taken: your session has ended. Go back, copy what you typed, sign in, and send it again.",
    ),
    HTTPStatus.FORBIDDEN: (
        "Your role does not allow this",
        "Which role you have is decided where you sign in. Ask whoever looks after accounts if it should be another.",
    ),
    HTTPStatus.NOT_FOUND: ("Page not found", "Nothing is kept under this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("This page can only be read", "It takes no input."),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "Too much at once",
        "More was sent in a minute than is answered. Wait a minute, then send it again.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Something went wrong here",
        "The page could not be made. It is not something you did.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "The database does not answer",
        "Nothing is lost: runs wait where they are. Try again in a moment, or look at the state of the stack.",
    ),
}
#: What a status alone does not tell.
_NO_ROLE = (
    "You have no role here",
    "You are signed in, but your account has no role in this application. Ask whoever looks after accounts for one.",
)
_FORGERY = (
    "This form was not taken",
    "Nothing was changed. The form is older than your session. Go back, copy what you typed, load the page again, send it.",
)
_PROVIDER = (
    "The identity provider does not answer",
    "Nobody can sign in until it does. Whoever is signed in already can go on working.",
)
_NOT_PRINTED = (
    "The document could not be set",
    "Nothing was exported. Try again in a few minutes; if it stays so, tell whoever runs this application.",
)
_BUSY = (
    "Exports are being made",
    "One export of yours at a time is made, and few of everybody's. Try again when the other one is there.",
)
_FOREIGN = (
    "Another site led here",
    "Nothing was exported: it is handed out only when a page of this application asks. Open the page and ask there.",
)
#: Seconds until an export may be there.
_SOON = "5"


def init_app(app: Flask) -> None:
    """Answer errors of `app` with pages."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _forgery)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(IncompatibleError, _incompatible)
    app.register_error_handler(ProviderError, _provider)
    app.register_error_handler(TooLargeError, _too_large)
    app.register_error_handler(PrintError, _not_printed)
    app.register_error_handler(BusyError, _busy)
    app.register_error_handler(ForeignError, _foreign)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # a redirect
    status, reference = HTTPStatus(error.code), _reference()
    log.info("reference %s: HTTP %s", reference, error.code)
    if status is HTTPStatus.FORBIDDEN and (person := visitor()) is not None and not person.roles:
        return _answer(status, reference, *_NO_ROLE)
    answer = _known(status, reference)
    if allowed := getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(allowed)
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = _way_in()
    return answer


def _way_in() -> str:
    if not request.path.startswith(API):
        return "Session"
    return 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"


def _forgery(error: CSRFError) -> ResponseReturnValue:
    reference = _reference()
    log.warning("reference %s: %s", reference, error.description)
    return _answer(HTTPStatus.BAD_REQUEST, reference, *_FORGERY)


def _provider(error: ProviderError) -> ResponseReturnValue:
    reference = _reference()
    log.error("reference %s: the identity provider does not answer: %s", reference, error)
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, *_PROVIDER)


def _database(error: SQLAlchemyError) -> ResponseReturnValue:
    reference = _reference()
    if isinstance(error, DataError) and "\x00" in request.path:
        # No name can hold it, so nothing is kept under such an address.
        return _known(HTTPStatus.NOT_FOUND, reference)
    log.error("reference %s: %s", reference, trouble(error), exc_info=error)
    return _known(HTTPStatus.SERVICE_UNAVAILABLE, reference)


def _incompatible(error: IncompatibleError) -> ResponseReturnValue:
    reference = _reference()
    log.error("reference %s: %s", reference, error)
    return _known(HTTPStatus.SERVICE_UNAVAILABLE, reference)


def _too_large(error: TooLargeError) -> ResponseReturnValue:
    reference = _reference()
    log.warning("reference %s: %s", reference, error)
    text = f"Nothing was exported, since {error}. Ask whoever runs this application."
    return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, reference, "This is too large to be exported", text)


def _not_printed(error: PrintError) -> ResponseReturnValue:
    reference = _reference()
    log.error("reference %s: no contract file was printed: %s", reference, error)
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, *_NOT_PRINTED)


def _busy(_: BusyError) -> ResponseReturnValue:
    reference = _reference()
    log.info("reference %s: too many exports at once", reference)
    answer = _answer(HTTPStatus.TOO_MANY_REQUESTS, reference, *_BUSY)
    answer.headers["Retry-After"] = _SOON
    return answer


def _foreign(_: ForeignError) -> ResponseReturnValue:
    reference = _reference()
    log.warning("reference %s: another site asked for an export", reference)
    return _answer(HTTPStatus.FORBIDDEN, reference, *_FOREIGN)


def _unforeseen(error: Exception) -> ResponseReturnValue:
    reference = _reference()
    log.error("reference %s", reference, exc_info=error)
    return _known(HTTPStatus.INTERNAL_SERVER_ERROR, reference)


def _reference() -> str:
    return uuid4().hex[:12]


def _known(status: HTTPStatus, reference: str) -> Response:
    if request.path.startswith(API):
        return problem_details.plain(status, reference)
    title, text = _TEXTS.get(status, (status.phrase, ""))
    return _answer(status, reference, title, text)


def _answer(status: HTTPStatus, reference: str, title: str, text: str) -> Response:
    if request.path.startswith(API):
        return problem_details.plain(status, reference, title=title, detail=text)
    page = render_template("error.html", title=title, text=text, reference=reference)
    return Response(page, status.value, content_type="text/html; charset=utf-8")
