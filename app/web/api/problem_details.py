"""Problem documents (RFC 9457), without internal details."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from uuid import uuid4

from flask import Flask, Response, current_app, request
from pydantic import Field

from app.intake import IntakeError
from app.intake.problems import Problem
from app.review.flag_history import Event
from app.web.api.shapes import Shape
from app.web.api.shapes.history import HistoryEvent, ReviewState
from app.web.error_texts import ErrorText, text_of
from app.web.recording.event_notes import event_notes

CONTENT_TYPE = "application/problem+json"
#: The types of problems; `PLAIN` for those that the HTTP status describes.
PLAIN = "about:blank"
INPUT, CHANGED, NOT_NOW, TAKEN, KEY = (
    f"urn:triage:problem:{name}" for name in ("input", "changed", "not-now", "action-taken", "key-reused")
)


class InputError(Shape):
    """One error in the input. `value` is shortened; null if there is none."""

    field: str = Field(examples=["actions[0].amount"])
    value: str | None = Field(examples=["'12 dollars'"])
    problem: str = Field(examples=['is not an amount (a string such as "250000.00")'])


class ProblemDetails(Shape):
    """A problem (RFC 9457). `reference` finds it in the log of this application.

    `errors` lists all errors in the input. After a conflict about a flag, `flag` is its current state and `event` its last
    event.
    """

    type: str = Field(examples=[PLAIN, INPUT, CHANGED])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    reference: str = Field(examples=["4f2a90c1d3e8"])
    errors: list[InputError] | None = None
    flag: ReviewState | None = None
    event: HistoryEvent | None = None


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str | None = None,
        *,
        kind: str = PLAIN,
        title: str | None = None,
        errors: Sequence[InputError] | None = None,
        flag: ReviewState | None = None,
        event: HistoryEvent | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or status.phrase)
        self.headers = dict(headers or {})
        text = text_of(status)
        self.problem = ProblemDetails(
            type=kind,
            title=title or text.title,
            status=status,
            detail=detail or text.detail,
            reference=uuid4().hex[:12],
            errors=list(errors) if errors is not None else None,
            flag=flag,
            event=event,
        )


def invalid_input(status: HTTPStatus, faults: Sequence[Problem], *, kind: str = INPUT) -> ProblemError:
    """A problem that lists all errors in the input."""
    errors = [InputError(field=each.field, value=each.given, problem=each.text) for each in faults]
    return ProblemError(status, "; ".join(map(str, faults[:3])), kind=kind, errors=errors)


def unreadable(error: IntakeError) -> ProblemError:
    """The problem for an unreadable body: 400 if it is not JSON, otherwise 422."""
    whole = [each for each in error.details if each.field == "file"]
    status = HTTPStatus.BAD_REQUEST if whole else HTTPStatus.UNPROCESSABLE_ENTITY
    faults = [
        Problem("body" if each.field == "file" else each.field, each.text, each.given)
        for each in error.details
    ]
    return invalid_input(status, faults)


def changed(flag: ReviewState, event: Event | None) -> ProblemError:
    """The problem for a flag that has changed since the caller read it."""
    who = f"{event.by_name} was first." if event else "The flag has never had this version."
    return ProblemError(
        HTTPStatus.CONFLICT,
        f"{who} Your input was not stored. Look at the flag, then send `version` {flag.version}.",
        kind=CHANGED,
        title="The flag has changed",
        flag=flag,
        event=HistoryEvent.model_validate(event) if event else None,
    )


def plain(status: int, reference: str, text: ErrorText) -> Response:
    """The problem document of an error that its status and text describe."""
    return _response(
        ProblemDetails(type=PLAIN, title=text.title, status=status, detail=text.detail, reference=reference)
    )


def init_app(app: Flask) -> None:
    """Answer `ProblemError` in `app` with its document."""
    app.register_error_handler(ProblemError, _refused)


def _refused(error: ProblemError) -> Response:
    document = error.problem
    event_notes().reference = document.reference
    current_app.logger.info(
        "reference %s: HTTP %s at %s", document.reference, document.status, request.endpoint
    )
    answer = _response(document)
    answer.headers.update(error.headers)
    return answer


def _response(document: ProblemDetails) -> Response:
    unset = {name for name in ("errors", "flag", "event") if getattr(document, name) is None}
    return Response(document.model_dump_json(exclude=unset), document.status, content_type=CONTENT_TYPE)
