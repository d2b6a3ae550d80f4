"""The raw answer of one call, and whether it is unchanged."""

from hashlib import sha256
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from app.review.queries.raw_answers import RawAnswer
from app.web.answer_marks import Marked, forms, marked
from app.web.export_guard import sent
from app.web.raw_text import SHOWN, readable
from app.web.services import services
from app.web.sign_in import person

#: The most digits of a position.
_DIGITS = 4

bp = Blueprint("calls", __name__, url_prefix="/calls/<uuid:call_id>/answer")


@bp.get("")
def answer(call_id: UUID) -> ResponseReturnValue:
    """The answer as text, with its current SHA-256 beside the one recorded on receipt.

    `flag` and `value` in the address name a compared value, whose places in the text are marked.
    """
    found = services().queries.answer(call_id, of=_value()) or abort(404)
    text, cut = readable(found.body) if found.body is not None else ("", False)
    return render_template(
        "calls/answer.html",
        call=found.call,
        credential=found.credential,
        kept=found.body is not None,
        size=len(found.body or b""),
        digest=sha256(found.body).hexdigest() if found.body is not None else None,
        marked=_marked(found, text),
        value=found.value,
        cut=cut,
        limit=SHOWN,
    )


def _value() -> tuple[UUID, int] | None:
    """The value that the address names by its flag and position; None if it names none."""
    flag, position = request.args.get("flag", ""), request.args.get("value", "")
    # By length first: Python refuses to read a number of thousands of digits.
    if not (position.isascii() and position.isdecimal()) or len(position) > _DIGITS:
        return None
    try:
        return UUID(flag), int(position)
    except ValueError:
        return None


def _marked(found: RawAnswer, text: str) -> Marked:
    sought = forms(found.value.value, found.fact.fact) if found.value and found.fact else []
    return marked(text, sought)


@bp.get("/download")
def download(call_id: UUID) -> ResponseReturnValue:
    """The bytes of the answer, as a download."""
    return sent(services().exporter.answer(call_id, person()) or abort(404))
