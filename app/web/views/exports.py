"""Exports: the contract file of an action, the queue, the vault's log, and the public keys for signatures."""

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from app.contract_file.queue_export import Format
from app.web.export_guard import sent
from app.web.list_queries import ignored
from app.web.log_line_query import log_line_query
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
    """The PDF of the contract file."""
    return sent(services().exporter.printed(action_id, person()) or abort(404))


@bp.get("/flags.csv")
def flags_csv() -> ResponseReturnValue:
    """Every flag that matches the query, for a spreadsheet."""
    return _queue(Format.CSV)


@bp.get("/flags.json")
def flags_json() -> ResponseReturnValue:
    """Every flag that matches the query, with its values, for programs."""
    return _queue(Format.JSON)


@bp.get("/audit.jsonl")
def vault_log() -> ResponseReturnValue:
    """Every line of the vault's log that matches the query, as JSON lines."""
    wanted, chosen = log_line_query()
    if ignored():
        abort(400)  # as for the queue
    return sent(services().exporter.vault_log(wanted, query=urlencode(chosen), by=person()))


@bp.get("/.well-known/triage-export-keys.json")
def keys() -> ResponseReturnValue:
    """The JWK Set that verifies bundles."""
    return jsonify(services().exporter.keys.public.as_set())


def _queue(form: Format) -> Response:
    by = person()
    query = queue_query(request.args, me=by.subject, now=services().clock.now(), ageing=services().ageing)
    if query.ignored:
        abort(400)  # ignoring a filter would export more than requested, without a notice
    return sent(
        services().exporter.queue(
            query.flag_filter, sort=query.sort, form=form, query=query.query_string, by=by
        )
    )
