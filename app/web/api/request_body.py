"""Parses the query, headers and body of a request; all errors are reported at once."""

import re
from http import HTTPStatus
from typing import TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from app.intake import IntakeError, parse_json
from app.intake.problems import Problem, problem, shown
from app.web.api.problem_details import ProblemError, invalid_input, unreadable
from app.web.api.shapes import RequestModel

Read = TypeVar("Read", bound=BaseModel)
Query = TypeVar("Query", bound=RequestModel)
JSON = "application/json"
#: Bytes that are read of a body that is too large, and how many at once.
_READ_ON, _PART = 10_000_000, 65_536


def query_of(shape: type[Query]) -> Query:
    """Parse the query string. Raises `ProblemError` (400)."""
    arguments = {name: values[0] for name, values in request.args.lists()}
    faults = [
        Problem(name, f"occurs {len(values)} times")
        for name, values in request.args.lists()
        if len(values) > 1
    ]
    try:
        found = shape.model_validate(arguments)
    except ValidationError as error:
        raise invalid_input(HTTPStatus.BAD_REQUEST, [*faults, *_problems(error)]) from None
    if faults:
        raise invalid_input(HTTPStatus.BAD_REQUEST, faults)
    return found


def header_of(name: str, pattern: str, meaning: str) -> str:
    """The value of a required header. Raises `ProblemError` (400)."""
    value = request.headers.get(name)
    if value is None:
        raise invalid_input(HTTPStatus.BAD_REQUEST, [Problem(name, f"is missing: {meaning}")])
    if not re.fullmatch(pattern, value):
        raise invalid_input(HTTPStatus.BAD_REQUEST, [Problem(name, f"is not {meaning}", shown(value))])
    return value


def text_of() -> str:
    """The body as text. Raises `ProblemError` (415, 400); ends the request with 413 if it is too large."""
    coding = request.headers.get("Content-Encoding", "identity")
    if request.mimetype != JSON or coding != "identity":
        given = f"`{request.mimetype or 'nothing'}`" + (
            f", with Content-Encoding `{coding}`" if coding != "identity" else ""
        )
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The body is {given}. Send it as `Content-Type: {JSON}`, without Content-Encoding.",
            headers={"Accept-Post": JSON},
        )
    try:
        return _body().decode("utf-8")
    except UnicodeDecodeError:
        raise invalid_input(HTTPStatus.BAD_REQUEST, [Problem("body", "is not UTF-8 text")]) from None


def _body() -> bytes:
    """The body as bytes. Ends the request with 413 if it is too large."""
    try:
        body = request.get_data()
        if request.content_length is None and len(body) >= (request.max_content_length or 0):
            abort(413)  # a body of unknown length is silently cut off at the limit
    except RequestEntityTooLarge:
        # A client that is still sending when the connection closes does not see the response, so read on, within limits.
        left = _READ_ON
        while left > 0 and (part := request.environ["wsgi.input"].read(_PART)):
            left -= len(part)
        raise
    return body


def body_of(shape: type[Read]) -> Read:
    """Parse the body. Raises `ProblemError`: 415, 400 if it is not JSON, 422 if it fails validation."""
    try:
        return shape.model_validate(parse_json(text_of()))
    except IntakeError as error:
        raise unreadable(error) from None
    except ValidationError as error:
        raise invalid_input(HTTPStatus.UNPROCESSABLE_ENTITY, _problems(error)) from None


def _problems(error: ValidationError) -> list[Problem]:
    faults = [problem("", each) for each in error.errors(include_url=False)]
    return [each if each.field else Problem("body", each.text, each.given) for each in faults]
