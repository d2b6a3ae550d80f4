"""The OpenAPI 3.1 document, generated from the operations and shapes."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import cast

from flask import Response, json
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app.review.roles import Permission
from app.web.access import ACCESS, Open
from app.web.api import problem_details
from app.web.api.examples import EXAMPLES
from app.web.api.operations import OPERATIONS, Archive, Operation, bp
from app.web.api.parameters import Json, parameters
from app.web.api.shapes import Shape
from app.web.api_root import ROOT
from app.web.error_texts import TEXTS

_REF = "#/components/schemas/{model}"
#: Errors that every operation may return.
_ALWAYS = frozenset({400, 401, 403, 429, 500, 503})
_JSON, _BYTES, _TEXT, _ZIP = "application/json", "application/octet-stream", "text/plain", "application/zip"
_HEADERS: Mapping[int, Mapping[str, tuple[str, str]]] = {
    401: {"WWW-Authenticate": ("How to authenticate (RFC 6750).", "string")},
    415: {"Accept-Post": ("The accepted media type.", "string")},
    429: {"Retry-After": ("Seconds to wait.", "integer")},
}


@bp.get("/openapi.json")
def openapi() -> Response:
    """Serve the document."""
    return Response(_written(), content_type=_JSON)


@cache
def _written() -> str:
    return json.dumps(document(), ensure_ascii=False)


def document() -> Json:
    """The OpenAPI document."""
    schemas, definitions = _schemas()
    paths: dict[str, Json] = {}
    for each in OPERATIONS:
        paths.setdefault(f"{ROOT}{each.path}", {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Procurement triage",
            "version": "1",
            "description": (
                "Submit procurement actions, read runs and flags with the credential behind each value, and decide flags."
                " Identifiers and money are strings, times are UTC. Every error is a problem document (RFC 9457)."
                " Responses to requests that count against a limit have the headers `X-RateLimit-Limit`, `X-RateLimit-Remaining`"
                " and `X-RateLimit-Reset`."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": (
                        "An access token (RFC 9068) of the identity provider, for the audience `triage-api`."
                        " Cookies are ignored."
                    ),
                }
            },
            "responses": {str(status): _refusal(status) for status in TEXTS},
        },
    }


Schemas = Mapping[tuple[type[BaseModel], JsonSchemaMode], Json]


def _schemas() -> tuple[Schemas, Json]:
    """The schema reference of each model, and the definitions."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (problem_details.ProblemDetails, "serialization"): None
    }
    for each in OPERATIONS:
        if each.body is not None:
            wanted[each.body, "validation"] = None
        for shape in each.answers.values():
            if issubclass(shape, Shape):
                wanted[shape, "serialization"] = None
    schemas, described = models_json_schema(list(wanted), ref_template=_REF)
    return cast("Schemas", schemas), described["$defs"]


def _operation(each: Operation, schemas: Schemas) -> Json:
    summary, _, more = each.text.partition("\n\n")
    needed = ACCESS[each.endpoint]
    may = (
        f"Needs the permission `{needed.name.lower()}`."
        if isinstance(needed, Permission)
        else "Needs a token."
    )
    described: Json = {
        "operationId": each.name,
        "summary": summary.replace("\n", " "),
        "description": " ".join(f"{more} {may}".split()),
        "parameters": list(parameters(each)),
        "responses": {
            **{str(status): _answer(each, status, schemas) for status in each.answers},
            **{
                str(status): {"$ref": f"#/components/responses/{status}"}
                for status in sorted((_ALWAYS | each.refusals) - _never(needed))
            },
        },
    }
    if each.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                _JSON: {"schema": schemas[each.body, "validation"], "examples": EXAMPLES.get(each.body, {})}
            },
        }
    return described


def _never(needed: Permission | Open) -> frozenset[int]:
    return frozenset() if isinstance(needed, Permission) else frozenset({403})


def _answer(each: Operation, status: int, schemas: Schemas) -> Json:
    shape = each.answers[status]
    described: Json = {"description": HTTPStatus(status).phrase}
    if issubclass(shape, Shape):
        described["content"] = {_JSON: {"schema": schemas[shape, "serialization"]}}
    elif issubclass(shape, str):
        described["content"] = {_TEXT: {"schema": {"type": "string"}}}
    else:
        kind = _ZIP if issubclass(shape, Archive) else _BYTES
        described["content"] = {kind: {"schema": {"type": "string", "format": "binary"}}}
    if each.sends:
        described["headers"] = {name: _header(text, "string") for name, text in each.sends.items()}
    return described


def _refusal(status: int) -> Json:
    text = TEXTS[HTTPStatus(status)]
    example = {
        "type": problem_details.PLAIN,
        "title": text.title,
        "status": int(status),
        "detail": text.detail,
        "reference": "4f2a90c1d3e8",
    }
    described: Json = {
        "description": text.title,
        "content": {
            problem_details.CONTENT_TYPE: {
                "schema": {"$ref": _REF.format(model="ProblemDetails")},
                "example": example,
            }
        },
    }
    if headers := _HEADERS.get(status):
        described["headers"] = {name: _header(text, kind) for name, (text, kind) in headers.items()}
    return described


def _header(text: str, kind: str) -> Json:
    return {"description": text, "schema": {"type": kind}}
