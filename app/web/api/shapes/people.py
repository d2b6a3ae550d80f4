"""Who somebody is here."""

from pydantic import Field

from app.domain.roles import Permission, Role
from app.web.api.shapes import Shape


class Me(Shape):
    """Whom the token speaks for, and what that person may do here."""

    subject: str = Field(examples=["officer-a"])
    name: str = Field(examples=["Contracting officer A"])
    roles: list[Role] = Field(examples=[[Role.OFFICER]])
    may: list[Permission] = Field(examples=[[Permission.READ, Permission.DECIDE]])
