"""Reading a request: its query, its headers, its body. What is wrong with any of them is told all at once."""

import re
from http import HTTPStatus
from typing import TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from app.intake import IntakeError, parse_json
from app.intake.problems import Problem, problem, shown
from app.web.api.problem_details import ProblemError, not_read, not_taken
from app.web.api.shapes import RequestModel

Read = TypeVar("Read", bound=BaseModel)
Query = TypeVar("Query", bound=RequestModel)
JSON = "application/json"
#: Bytes of a body that is too large that are read all the same, and how many at once.
_READ_ON, _PART = 10_000_000, 65_536


def query_of(shape: type[Query]) -> Query:
    """What stands behind the "?". Raises `ProblemError` (400)."""
    told = {name: values[0] for name, values in request.args.lists()}
    faults = [
        Problem(name, f"is given {len(values)} times")
        for name, values in request.args.lists()
        if len(values) > 1
    ]
    try:
        found = shape.model_validate(told)
    except ValidationError as error:
        raise not_taken(HTTPStatus.BAD_REQUEST, [*faults, *_told(error)]) from None
    if faults:
        raise not_taken(HTTPStatus.BAD_REQUEST, faults)
    return found


def header_of(name: str, pattern: str, meaning: str) -> str:
    """The value of a header that must be sent. Raises `ProblemError` (400)."""
    value = request.headers.get(name)
    if value is None:
        raise not_taken(HTTPStatus.BAD_REQUEST, [Problem(name, f"is missing: {meaning}")])
    if not re.fullmatch(pattern, value):
        raise not_taken(HTTPStatus.BAD_REQUEST, [Problem(name, f"is not {meaning}", shown(value))])
    return value


def text_of() -> str:
    """The body as text. Raises `ProblemError` (415, 400); too large a one ends the request with 413."""
    coding = request.headers.get("Content-Encoding", "identity")
    if request.mimetype != JSON or coding != "identity":
        given = f"`{request.mimetype or 'nothing'}`" + (
            f", coded as `{coding}`" if coding != "identity" else ""
        )
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The body is {given}. Send it as `Content-Type: {JSON}`, not coded.",
            headers={"Accept-Post": JSON},
        )
    try:
        return _body().decode("utf-8")
    except UnicodeDecodeError:
        raise not_taken(HTTPStatus.BAD_REQUEST, [Problem("body", "is not UTF-8 text")]) from None


def _body() -> bytes:
    """The body. Ends the request with 413 where it is too large."""
    try:
        body = request.get_data()
        if request.content_length is None and len(body) >= (request.max_content_length or 0):
            abort(413)  # a body of unknown length is cut off there without a word
    except RequestEntityTooLarge:
        # Whoever is still sending when the connection ends does not see the answer. Beyond this it is no oversight.
        left = _READ_ON
        while left > 0 and (part := request.environ["wsgi.input"].read(_PART)):
            left -= len(part)
        raise
    return body


def body_of(shape: type[Read]) -> Read:
    """The body. Raises `ProblemError` (415; 400 for what is no JSON, 422 for what is not in form)."""
    try:
        return shape.model_validate(parse_json(text_of()))
    except IntakeError as error:
        raise not_read(error) from None
    except ValidationError as error:
        raise not_taken(HTTPStatus.UNPROCESSABLE_ENTITY, _told(error)) from None


def _told(error: ValidationError) -> list[Problem]:
    faults = [problem("", each) for each in error.errors(include_url=False)]
    return [each if each.field else Problem("body", each.text, each.given) for each in faults]
