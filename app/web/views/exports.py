"""What can be taken out: the contract file of an action, the queue, and the keys to check signatures with."""

from flask import Blueprint, Response, abort, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from app.domain.casefile import Source
from app.domain.discrepancy import Severity
from app.domain.procurement import ActionType
from app.domain.review import Status
from app.domain.rules import RULES
from app.export.exporter import Exported
from app.export.queue import Format
from app.store.pages.queue import FlagFilter, Sort
from app.web.queries import choice
from app.web.sign_in import person
from app.web.sources import sources

bp = Blueprint("exports", __name__)
_LONGEST = 200


@bp.get("/actions/<action_id>/contract-file.zip")
def contract_file(action_id: str) -> ResponseReturnValue:
    """The signed bundle: PDF, JSON, raw answers and the digests of all of them."""
    return _sent(sources().exporter.contract_file(action_id, person()) or abort(404))


@bp.get("/actions/<action_id>/contract-file.pdf")
def contract_file_pdf(action_id: str) -> ResponseReturnValue:
    """The same for people to read, alone."""
    return _sent(sources().exporter.printed(action_id, person()) or abort(404))


@bp.get("/flags.csv")
def flags_csv() -> ResponseReturnValue:
    """Every flag that matches the filter in the address, for a spreadsheet."""
    return _queue(Format.CSV)


@bp.get("/flags.json")
def flags_json() -> ResponseReturnValue:
    """The same for programs, with the values side by side."""
    return _queue(Format.JSON)


@bp.get("/.well-known/triage-export-keys.json")
def keys() -> ResponseReturnValue:
    """The JWK Set that bundles are checked with."""
    return jsonify(sources().exporter.keys.public.as_set())


def _queue(form: Format) -> Response:
    sort = choice("sort", [each.value for each in Sort])
    return _sent(
        sources().exporter.queue(
            _wanted(),
            sort=Sort(sort) if sort else Sort.SEVERITY,
            form=form,
            query=request.query_string.decode("ascii", "replace")[:2000],
            by=person(),
        )
    )


def _wanted() -> FlagFilter:
    """The filter in the address. Ends the request with 400 for a value that means nothing: more would go out than asked for."""
    status = choice("status", [each.value for each in Status])
    return FlagFilter(
        status=Status(status) if status else None,
        severity=choice("severity", [each.value for each in Severity]),
        rule=choice("rule", [each.id for each in RULES]),
        action_type=choice("action_type", [each.value for each in ActionType]),
        system=choice("system", [each.value for each in Source]),
        assignee=_text("assignee"),
        vendor=_text("vendor"),
        text=_text("text"),
    )


def _text(name: str) -> str | None:
    value = request.args.get(name) or None
    if value is not None and (len(value) > _LONGEST or "\x00" in value):
        abort(400)
    return value


def _sent(made: Exported) -> Response:
    response = send_file(
        made.file, mimetype=made.media_type, as_attachment=True, download_name=made.name, max_age=0
    )
    response.content_length = made.record.bytes
    return response
