"""The base of all models of scenario files: nothing unknown, nothing converted."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

JsonObject = dict[str, Any]


class Shape(BaseModel):
    """Keys as written in the file; unknown keys and other types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CamelShape(Shape):
    """As `Shape`, with keys in camelCase where no alias says otherwise."""

    model_config = ConfigDict(alias_generator=to_camel)
