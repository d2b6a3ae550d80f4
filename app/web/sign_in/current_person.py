"""The person behind the request: set by `app.web.access`, read by views and templates."""

from typing import cast

from flask import Flask, abort, g

from app.review.roles import Permission, Person


def visitor() -> Person | None:
    """The signed-in person, or None."""
    return cast("Person | None", g.get("person"))


def person() -> Person:
    """The signed-in person. Ends the request with 401 if there is none."""
    return visitor() or abort(401)


def may(permission: Permission) -> bool:
    """Whether the signed-in person has this permission."""
    known = visitor()
    return known is not None and known.may(permission)


def init_app(app: Flask) -> None:
    """Give templates `visitor`, `may` and `Permission`: `{% if may(Permission.DECIDE) %}`."""
    app.jinja_env.globals.update(may=may, Permission=Permission, visitor=visitor)
