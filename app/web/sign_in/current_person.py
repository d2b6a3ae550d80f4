"""Who is asking: set once per request by `app.web.access`, read by views and templates."""

from typing import cast

from flask import Flask, abort, g

from app.review.roles import Permission, Person


def visitor() -> Person | None:
    """Who is asking, None for somebody who is not signed in."""
    return cast("Person | None", g.get("person"))


def person() -> Person:
    """Who is asking, in a view that only people who are signed in reach. Ends the request with 401 otherwise."""
    return visitor() or abort(401)


def may(permission: Permission) -> bool:
    """Whether whoever is asking may do that."""
    known = visitor()
    return known is not None and known.may(permission)


def init_app(app: Flask) -> None:
    """Give templates `visitor`, `may` and `Permission`: `{% if may(Permission.DECIDE) %}`."""
    app.jinja_env.globals.update(may=may, Permission=Permission, visitor=visitor)
