"""Pages for what goes wrong: plain words, a reference to find it in the log, and nothing from inside."""

import logging
from http import HTTPStatus
from uuid import uuid4

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)

_TEXTS = {
    HTTPStatus.BAD_REQUEST: ("This address is not understood", "Its filter or page mark is not a known one."),
    HTTPStatus.UNAUTHORIZED: (
        "You are not signed in",
        "Your session has ended, so what you sent was not taken. Go back: your browser should still show what you typed."
        " Copy it, sign in, and send it again.",
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


def join(app: Flask) -> None:
    """Answer errors of `app` with pages."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _forgery)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # a redirect
    reference = _reference()
    log.info("reference %s: HTTP %s", reference, error.code)
    page, status = _page(HTTPStatus(error.code), reference)
    return (
        page,
        status,
        {"Allow": ", ".join(allowed)} if (allowed := getattr(error, "valid_methods", None)) else {},
    )


def _forgery(error: CSRFError) -> ResponseReturnValue:
    reference = _reference()
    log.warning("reference %s: %s", reference, error.description)
    return _rendered(
        HTTPStatus.BAD_REQUEST,
        reference,
        "This form was not taken",
        "Nothing was changed. The form was older than your session, or was not sent from a page of this application."
        " Go back: your browser should still show what you typed. Copy it, load the page again, and send it from there.",
    )


def _database(error: SQLAlchemyError) -> ResponseReturnValue:
    reference = _reference()
    log.error(
        "reference %s: the database does not answer (%s)", reference, type(error).__name__, exc_info=error
    )
    return _page(HTTPStatus.SERVICE_UNAVAILABLE, reference)


def _unforeseen(error: Exception) -> ResponseReturnValue:
    reference = _reference()
    log.error("reference %s", reference, exc_info=error)
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, reference)


def _reference() -> str:
    return uuid4().hex[:12]


def _page(status: HTTPStatus, reference: str) -> tuple[str, int]:
    title, text = _TEXTS.get(status, (status.phrase, ""))
    return _rendered(status, reference, title, text)


def _rendered(status: HTTPStatus, reference: str, title: str, text: str) -> tuple[str, int]:
    return render_template("error.html", title=title, text=text, reference=reference), status.value
