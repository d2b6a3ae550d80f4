"""The raw answer of one call, and whether it is unchanged."""

from hashlib import sha256
from uuid import UUID

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.web.export_guard import sent
from app.web.raw_text import SHOWN, readable
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("calls", __name__, url_prefix="/calls/<uuid:call_id>/answer")


@bp.get("")
def answer(call_id: UUID) -> ResponseReturnValue:
    """The answer as text, with its current SHA-256 beside the one recorded on receipt."""
    found = services().queries.answer(call_id) or abort(404)
    text, cut = readable(found.body) if found.body is not None else ("", False)
    return render_template(
        "calls/answer.html",
        call=found.call,
        credential=found.credential,
        kept=found.body is not None,
        size=len(found.body or b""),
        digest=sha256(found.body).hexdigest() if found.body is not None else None,
        text=text,
        cut=cut,
        limit=SHOWN,
    )


@bp.get("/download")
def download(call_id: UUID) -> ResponseReturnValue:
    """The bytes of the answer, as a download."""
    return sent(services().exporter.answer(call_id, person()) or abort(404))
