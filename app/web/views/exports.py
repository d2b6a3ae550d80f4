"""What can be taken out: the contract file of an action, the queue, and the keys to check signatures with."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from app.contract_file.queue_export import Format
from app.web.export_guard import sent
from app.web.queue_filter import queue_query
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("exports", __name__)


@bp.get("/actions/<action_id>/contract-file.zip")
def contract_file(action_id: str) -> ResponseReturnValue:
    """The signed bundle: PDF, JSON, raw answers and the digests of all of them."""
    return sent(services().exporter.contract_file(action_id, person()) or abort(404))


@bp.get("/actions/<action_id>/contract-file.pdf")
def contract_file_pdf(action_id: str) -> ResponseReturnValue:
    """The same for people to read, alone."""
    return sent(services().exporter.printed(action_id, person()) or abort(404))


@bp.get("/flags.csv")
def flags_csv() -> ResponseReturnValue:
    """Every flag that the queue of the same filter shows, for a spreadsheet."""
    return _queue(Format.CSV)


@bp.get("/flags.json")
def flags_json() -> ResponseReturnValue:
    """The same for programs, with the values side by side."""
    return _queue(Format.JSON)


@bp.get("/.well-known/triage-export-keys.json")
def keys() -> ResponseReturnValue:
    """The JWK Set that bundles are checked with."""
    return jsonify(services().exporter.keys.public.as_set())


def _queue(form: Format) -> Response:
    by = person()
    query = queue_query(request.args, me=by.subject, now=datetime.now(UTC))
    if query.ignored:
        abort(
            400
        )  # without that filter more would go out than was asked for, and nothing on a page would say so
    return sent(
        services().exporter.queue(
            query.flag_filter, sort=query.sort, form=form, query=query.query_string, by=by
        )
    )
