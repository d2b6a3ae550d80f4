"""The parameters of an operation in OpenAPI: path, headers and query."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from app.web.api.operations import Operation
from app.web.api.shapes import NoQuery

Json = dict[str, Any]
_ARGUMENTS: Mapping[Any, Json] = {
    UUID: {"type": "string", "format": "uuid"},
    str: {"type": "string", "minLength": 1},
    int: {"type": "integer", "minimum": 0},
}


def parameters(each: Operation) -> Iterator[Json]:
    """The parameters of an operation."""
    yield from _in_path(each)
    yield from _in_header(each)
    yield from _in_query(each)


def _in_path(each: Operation) -> Iterator[Json]:
    for name, kind in each.arguments.items():
        yield {"name": name, "in": "path", "required": True, "schema": _ARGUMENTS[kind]}


def _in_header(each: Operation) -> Iterator[Json]:
    if (header := each.header) is not None:
        yield {
            "name": header.name,
            "in": "header",
            "required": True,
            "description": f"{header.meaning[0].upper()}{header.meaning[1:]}.",
            "schema": {"type": "string", "pattern": f"^{header.pattern}$"},
            "example": header.example,
        }


def _in_query(each: Operation) -> Iterator[Json]:
    if each.query is NoQuery:
        return
    schema = each.query.model_json_schema()
    for name, property_ in schema["properties"].items():
        inlined = _inlined(property_, schema.get("$defs", {}))
        text = inlined.pop("description", None)
        # A query string has no null: parameters without a value are left out.
        options = [option for option in inlined.pop("anyOf", []) if option != {"type": "null"}]
        for option in options:
            inlined.update(option)
        if inlined.get("default", ...) is None:
            del inlined["default"]
        inlined.pop("title", None)
        yield {"name": name, "in": "query", "schema": inlined, **({"description": text} if text else {})}


def _inlined(property_: Json, definitions: Json) -> Json:
    """The schema with references replaced by their definitions."""
    if (name := property_.get("$ref")) is not None:
        meant = definitions[str(name).rsplit("/", 1)[1]]
        rest = {key: value for key, value in property_.items() if key != "$ref"}
        return {"type": meant["type"], "enum": meant["enum"], **rest}
    if "anyOf" in property_:
        return {**property_, "anyOf": [_inlined(option, definitions) for option in property_["anyOf"]]}
    return dict(property_)
