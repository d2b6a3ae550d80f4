"""The signed-in person."""

from typing import Annotated

from pydantic import Field

from app.review.roles import Permission, Role
from app.web.api.shapes import OneOf, Shape

_PERMISSIONS = OneOf(tuple(permission.name.lower() for permission in Permission))


class Me(Shape):
    """The person behind the token, and their permissions."""

    subject: str = Field(examples=["officer-a"])
    name: str = Field(examples=["Contracting officer A"])
    roles: list[Role] = Field(examples=[[Role.OFFICER]])
    may: list[Annotated[str, _PERMISSIONS]] = Field(examples=[["decide", "read"]])
