"""What goes wrong, as programs are told: problem documents (RFC 9457), and nothing from inside."""

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

CONTENT_TYPE = "application/problem+json"
#: What a problem is in general; others are named where they are raised.
PLAIN = "about:blank"
INPUT, CHANGED, NOT_NOW, TAKEN, KEY = (
    f"urn:triage:problem:{name}" for name in ("input", "changed", "not-now", "action-taken", "key-reused")
)


class InputError(Shape):
    """One thing that is wrong with what was sent. `value` is shown shortened; null where there is none to show."""

    field: str = Field(examples=["actions[0].amount"])
    value: str | None = Field(examples=["'12 dollars'"])
    problem: str = Field(examples=['is not an amount (a string such as "250000.00")'])


class ProblemDetails(Shape):
    """What went wrong (RFC 9457). `reference` finds it in the log of this application.

    `errors` lists everything that is wrong with what was sent. After a conflict about a flag, `flag` is its state now
    and `event` what was done last, and by whom.
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


def not_taken(status: HTTPStatus, faults: Sequence[Problem], *, kind: str = INPUT) -> ProblemError:
    """Everything that is wrong with what was sent."""
    errors = [InputError(field=each.field, value=each.given, problem=each.text) for each in faults]
    return ProblemError(status, "; ".join(map(str, faults[:3])), kind=kind, errors=errors)


def not_read(error: IntakeError) -> ProblemError:
    """What the reading of a body found: 400 where it is no JSON that can be read at all, else 422."""
    whole = [each for each in error.details if each.field == "file"]
    status = HTTPStatus.BAD_REQUEST if whole else HTTPStatus.UNPROCESSABLE_ENTITY
    faults = [
        Problem("body" if each.field == "file" else each.field, each.text, each.given)
        for each in error.details
    ]
    return not_taken(status, faults)


def changed(flag: ReviewState, event: Event | None) -> ProblemError:
    """Somebody did something with the flag since whoever asks has seen it."""
    who = f"{event.by_name} was first." if event else "The flag never had as many events."
    return ProblemError(
        HTTPStatus.CONFLICT,
        f"{who} Nothing of yours was stored. Look at the flag, then send `version` {flag.version}.",
        kind=CHANGED,
        title="The flag has changed meanwhile",
        flag=flag,
        event=HistoryEvent.model_validate(event) if event else None,
    )


def plain(status: int, reference: str, text: ErrorText) -> Response:
    """The problem document of an error that its status and text describe."""
    return _response(
        ProblemDetails(type=PLAIN, title=text.title, status=status, detail=text.detail, reference=reference)
    )


def init_app(app: Flask) -> None:
    """Answer refusals of `app` with problem documents."""
    app.register_error_handler(ProblemError, _refused)


def _refused(error: ProblemError) -> Response:
    told = error.problem
    current_app.logger.info("reference %s: HTTP %s at %s", told.reference, told.status, request.endpoint)
    answer = _response(told)
    answer.headers.update(error.headers)
    return answer


def _response(told: ProblemDetails) -> Response:
    unset = {name for name in ("errors", "flag", "event") if getattr(told, name) is None}
    return Response(told.model_dump_json(exclude=unset), told.status, content_type=CONTENT_TYPE)
