"""Registers the operations of the API; `/openapi.json` documents them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import get_annotations, getdoc
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, request
from pydantic import BaseModel

from app.web.api.request_body import body_of, query_of, text_of
from app.web.api.shapes import NoQuery, RequestModel, Shape
from app.web.api_root import ROOT


class Archive(bytes):
    """A ZIP file, as the answer of an operation."""


#: The path of the API.
bp = Blueprint("api", __name__, url_prefix=ROOT)
View = Callable[..., Response]
_CONVERTERS: Mapping[Any, str] = {UUID: "uuid", str: "string", int: "int"}
_NAMES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A required header: the pattern of its whole value, and its meaning in words."""

    name: str
    pattern: str
    meaning: str
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """The description of one operation.

    `answers` are the shapes of successful responses by status, `bytes` for raw bytes, `Archive` for a ZIP file, `str` for plain text; `refusals` its errors beyond those of
    every operation; `arguments` the types of the path parameters; `sends` the headers of successful responses, with their
    meanings.
    """

    name: str
    method: str
    path: str
    text: str
    arguments: Mapping[str, Any]
    answers: Mapping[int, type[Shape | bytes | str]]
    refusals: frozenset[int]
    query: type[RequestModel]
    body: type[BaseModel] | None
    header: Header | None
    sends: Mapping[str, str]

    @property
    def endpoint(self) -> str:
        """Its name in the access table."""
        return f"{bp.name}.{self.name}"

    @property
    def rule(self) -> str:
        """Its path in Flask's syntax."""
        return _NAMES.sub(lambda found: f"<{_CONVERTERS[self.arguments[found[1]]]}:{found[1]}>", self.path)


#: Every operation, in order of registration.
OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    answers: Mapping[int, type[Shape | bytes | str]],
    refusals: tuple[int, ...] = (),
    query: type[RequestModel] = NoQuery,
    body: type[BaseModel] | None = None,
    raw: bool = False,
    header: Header | None = None,
    sends: Mapping[str, str] | None = None,
) -> Callable[[View], View]:
    """Register a function as an operation. It receives the path parameters, and `query` and `body` if declared.

    With `raw`, the body is passed as unparsed text.
    """

    def made(view: View) -> View:
        annotations = get_annotations(view)
        known = Operation(
            name=view.__name__,
            method=method,
            path=path,
            text=getdoc(view) or "",
            arguments={name: annotations[name] for name in _NAMES.findall(path)},
            answers=answers,
            refusals=frozenset(refusals),
            query=query,
            body=body,
            header=header,
            sends=sends or {},
        )

        @wraps(view)
        def respond(**arguments: Any) -> Response:
            parsed = query_of(query)
            if query is not NoQuery:
                arguments["query"] = parsed
            if body is not None:
                arguments["body"] = text_of() if raw else body_of(body)
            return view(**arguments)

        bp.add_url_rule(known.rule, known.name, respond, methods=[method])
        OPERATIONS.append(known)
        return respond

    return made


def reply(shape: Shape, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The JSON response with this shape."""
    answer = Response(shape.model_dump_json(by_alias=True), status, content_type="application/json")
    answer.headers.update(headers or {})
    return answer


def following(last: object | None, *, name: str = "after") -> str | None:
    """The address of the next page, whose parameter `name` is the last item of this one; None if there is none."""
    if last is None:
        return None
    args = {**request.args.to_dict(), name: str(last)}
    return f"{request.path}?{urlencode(args)}"
