"""One operation of the interface: how it is asked, what it answers. `/openapi.json` tells what is listed here."""

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

#: Where everything here is found.
ROOT = "/api/v1"
bp = Blueprint("api", __name__, url_prefix=ROOT)
View = Callable[..., Response]
_CONVERTERS: Mapping[Any, str] = {UUID: "uuid", str: "string", int: "int"}
_NAMES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A header that must be sent: the pattern it matches as a whole, and what it is in words."""

    name: str
    pattern: str
    meaning: str
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What the document says of one operation.

    `answers` are the shapes of good answers by status, `bytes` for the bytes themselves; `refusals` the statuses that are
    possible here beyond those of every operation; `arguments` the types of what stands in the path; `sends` the headers a
    good answer may have, with what they say.
    """

    name: str
    method: str
    path: str
    text: str
    arguments: Mapping[str, Any]
    answers: Mapping[int, type[Shape] | type[bytes]]
    refusals: frozenset[int]
    query: type[RequestModel]
    body: type[BaseModel] | None
    header: Header | None
    sends: Mapping[str, str]

    @property
    def endpoint(self) -> str:
        """Its name in the table of who may reach what."""
        return f"{bp.name}.{self.name}"

    @property
    def rule(self) -> str:
        """Its path as Flask writes it."""
        return _NAMES.sub(lambda found: f"<{_CONVERTERS[self.arguments[found[1]]]}:{found[1]}>", self.path)


#: Every operation, in the order they are written.
OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    answers: Mapping[int, type[Shape] | type[bytes]],
    refusals: tuple[int, ...] = (),
    query: type[RequestModel] = NoQuery,
    body: type[BaseModel] | None = None,
    raw: bool = False,
    header: Header | None = None,
    sends: Mapping[str, str] | None = None,
) -> Callable[[View], View]:
    """Make a function an operation. It is given what stands in the path, and `query` and `body` where there are any.

    With `raw` the body is given as the text it came as, to be read by whoever takes it.
    """

    def made(view: View) -> View:
        its = get_annotations(view)
        known = Operation(
            name=view.__name__,
            method=method,
            path=path,
            text=getdoc(view) or "",
            arguments={name: its[name] for name in _NAMES.findall(path)},
            answers=answers,
            refusals=frozenset(refusals),
            query=query,
            body=body,
            header=header,
            sends=sends or {},
        )

        @wraps(view)
        def respond(**told: Any) -> Response:
            asked = query_of(query)
            if query is not NoQuery:
                told["query"] = asked
            if body is not None:
                told["body"] = text_of() if raw else body_of(body)
            return view(**told)

        bp.add_url_rule(known.rule, known.name, respond, methods=[method])
        OPERATIONS.append(known)
        return respond

    return made


def reply(shape: Shape, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that says this."""
    answer = Response(shape.model_dump_json(by_alias=True), status, content_type="application/json")
    answer.headers.update(headers or {})
    return answer


def following(after: object | None) -> str | None:
    """The address of the page after this one, which begins after `after`; None where there is none."""
    if after is None:
        return None
    args = {**request.args.to_dict(), "after": str(after)}
    return f"{request.path}?{urlencode(args)}"
