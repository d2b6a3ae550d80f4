"""The answer of a tool, and the error of a tool that gave none, whether reached over HTTP or SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Item = TypeVar("Item")


class ToolError(Exception):
    """The tool did not answer the question; the text says why, for the reader of the result. The run goes on."""


class OutOfReachError(ToolError):
    """The tool will not answer another question in this run either: over quota, refused, silent or out of time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of status 200 (JSON in `body`) or 204 (`body` is None), and the call it came from."""

    call_id: UUID
    body: Any

    def parse(self, model: type[Model]) -> Model:
        """The body as `model`. Raises `ToolError` naming the field that is off."""
        try:
            return model.model_validate(self.body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "answer"
            raise ToolError(f"unreadable answer: {field}: {first['msg']}") from None


def whole(rows: Sequence[Item], *, total: int) -> Sequence[Item]:
    """The rows, if they are all there are. A partial page would pass for a clear one: raises `ToolError`."""
    if total > len(rows):
        raise ToolError(f"partial answer: {len(rows)} of {total} rows")
    return rows
