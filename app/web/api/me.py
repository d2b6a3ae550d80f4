"""The person behind the token."""

from flask import Response

from app.web.api.operations import operation, reply
from app.web.api.shapes.people import Me
from app.web.sign_in import person


@operation("GET", "/me", answers={200: Me})
def me() -> Response:
    """The person behind the token, and their permissions."""
    known = person()
    return reply(
        Me(
            subject=known.subject,
            name=known.name,
            roles=sorted(known.roles),
            may=sorted(each.name.lower() for each in known.permissions),
        )
    )
