"""Answers errors: plain words, a reference that finds the error in the log, and no internal details.

People get a page; programs below /api/ get a problem document (RFC 9457).
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
from app.connections.database_trouble import is_read_only, trouble
from app.contract_file.pdf import PrintError
from app.review.queries.action_file import TooLargeError
from app.web.access import API
from app.web.api import problem_details
from app.web.error_texts import (
    BUSY,
    DATABASE_READ_ONLY,
    DATABASE_UNUSABLE,
    EXPIRED_FORM,
    FOREIGN_SITE,
    NO_ROLE,
    NOT_PRINTED,
    PROVIDER_DOWN,
    PROVIDER_WRONG,
    UNRECORDABLE,
    ErrorText,
    text_of,
    too_large,
)
from app.web.export_guard import BusyError, ForeignError
from app.web.recording.event_notes import event_notes, note_refusal
from app.web.recording.request_events import UnrecordableError
from app.web.sign_in import visitor
from app.web.sign_in.provider_cache import ProviderAnswerError, ProviderError

log = logging.getLogger(__name__)

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
    app.register_error_handler(UnrecordableError, _unrecordable)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # a redirect
    status = HTTPStatus(error.code)
    reference = _logged(logging.INFO, f"HTTP {error.code}")
    if status is HTTPStatus.FORBIDDEN and (person := visitor()) is not None and not person.roles:
        return _answer(status, reference, NO_ROLE)
    answer = _answer(status, reference)
    if allowed := getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(allowed)
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = _challenge()
    return answer


def _challenge() -> str:
    if not request.path.startswith(API):
        return "Session"
    return 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"


def _forgery(error: CSRFError) -> ResponseReturnValue:
    note_refusal(str(error.description))
    reference = _logged(logging.WARNING, error.description)
    return _answer(HTTPStatus.BAD_REQUEST, reference, EXPIRED_FORM)


def _provider(error: ProviderError) -> ResponseReturnValue:
    reference = _logged(logging.ERROR, f"the identity provider cannot be used: {error}")
    text = PROVIDER_WRONG if isinstance(error, ProviderAnswerError) else PROVIDER_DOWN
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, text)


def _database(error: SQLAlchemyError) -> ResponseReturnValue:
    if isinstance(error, DataError) and "\x00" in request.path:
        # No name in the database can contain NUL, so there is nothing at this address.
        return _answer(HTTPStatus.NOT_FOUND, _logged(logging.INFO, "NUL in the address"))
    reason = trouble(error)
    reference = _logged(logging.ERROR, reason, error)
    if is_read_only(error):
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, DATABASE_READ_ONLY)
    # The default text says that the database does not answer.
    text = None if "does not answer" in reason else DATABASE_UNUSABLE
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, text)


def _incompatible(error: IncompatibleError) -> ResponseReturnValue:
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, _logged(logging.ERROR, str(error)), DATABASE_UNUSABLE)


def _too_large(error: TooLargeError) -> ResponseReturnValue:
    reference = _logged(logging.WARNING, str(error))
    return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, reference, too_large(str(error)))


def _not_printed(error: PrintError) -> ResponseReturnValue:
    reference = _logged(logging.ERROR, f"no contract file was printed: {error}")
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, NOT_PRINTED)


def _busy(_: BusyError) -> ResponseReturnValue:
    answer = _answer(HTTPStatus.TOO_MANY_REQUESTS, _logged(logging.INFO, "too many exports at once"), BUSY)
    answer.headers["Retry-After"] = _SOON
    return answer


def _foreign(_: ForeignError) -> ResponseReturnValue:
    note_refusal("another site asked for an export")
    reference = _logged(logging.WARNING, "another site asked for an export")
    return _answer(HTTPStatus.FORBIDDEN, reference, FOREIGN_SITE)


def _unrecordable(_: UnrecordableError) -> ResponseReturnValue:
    reference = _logged(logging.ERROR, "the record of security events is full: the database takes none")
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, reference, UNRECORDABLE)


def _unforeseen(error: Exception) -> ResponseReturnValue:
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, _logged(logging.ERROR, "unforeseen", error))


def _logged(level: int, message: str | None, error: Exception | None = None) -> str:
    """Log an error, with its traceback if given, and return the reference that finds it."""
    reference = uuid4().hex[:12]
    log.log(level, "reference %s: %s", reference, message, exc_info=error)
    event_notes().reference = reference
    return reference


def _answer(status: HTTPStatus, reference: str, text: ErrorText | None = None) -> Response:
    text = text or text_of(status)
    if request.path.startswith(API):
        return problem_details.plain(status, reference, text)
    page = render_template("error.html", text=text, reference=reference)
    return Response(page, status.value, content_type="text/html; charset=utf-8")
