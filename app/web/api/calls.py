"""The raw answer of one call, and whether it is unchanged."""

from base64 import b64encode
from hashlib import sha256
from uuid import UUID

from flask import Response, abort

from app.web.api.operations import operation, reply
from app.web.api.shapes.calls import CallAnswer
from app.web.export_guard import sent
from app.web.raw_text import readable
from app.web.services import services
from app.web.sign_in import person


@operation("GET", "/calls/{call_id}/answer", answers={200: CallAnswer}, refusals=(404,))
def answer(call_id: UUID) -> Response:
    """The answer of one call as text, with its recorded and current digests."""
    found = services().queries.answer(call_id) or abort(404)
    body, call = found.body, found.call
    text, cut = readable(body) if body is not None else (None, False)
    digest = sha256(body).hexdigest() if body is not None else None
    return reply(
        CallAnswer(
            call_id=call_id,
            run_id=call.run_id,
            tool=found.credential.tool,
            operation=call.operation,
            status=call.status,
            started_at=call.started_at,
            recorded_digest=call.answer_digest,
            digest=digest,
            unchanged=digest == call.answer_digest if digest and call.answer_digest else None,
            bytes=len(body or b""),
            text=text,
            cut=cut,
        )
    )


@operation(
    "GET",
    "/calls/{call_id}/answer/bytes",
    answers={200: bytes},
    refusals=(404,),
    sends={"Repr-Digest": "SHA-256 of the bytes, in base64 (RFC 9530)."},
)
def answer_bytes(call_id: UUID) -> Response:
    """The bytes of the answer as received; `Repr-Digest` (RFC 9530) is their SHA-256."""
    made = services().exporter.answer(call_id, person()) or abort(404)
    response = sent(made)
    response.headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(made.record.digest)).decode()}:"
    return response
