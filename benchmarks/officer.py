"""The web application on a separate database, with an officer signed in and nothing else running."""

from typing import Any

from flask.testing import FlaskClient

from app.review.roles import Person
from app.settings import Settings
from app.web.application import create_app
from app.web.serving import ready
from app.web.sign_in.sessions import COOKIE
from infra.local.options import Part, StackOptions
from infra.local.ports import LOOPBACK
from infra.local.stack import LocalStack
from infra.postgres.server import Server

ALONE = StackOptions(parts=frozenset({Part.POSTGRES}), usual_ports=False)
_PORT = 8000


def database(stack: LocalStack) -> Server:
    """The database of a stack started with `ALONE`, at the latest migration."""
    server = stack.services.database
    assert server is not None  # the one part that was started
    return server


def officer(stack: LocalStack) -> FlaskClient:
    """A test client of the application, in the state of a served one, for a person who may read everything."""
    return signed_in(stack, "officer", "auditor")


def signed_in(stack: LocalStack, *roles: str) -> FlaskClient:
    """The same with these roles."""
    stack.services.web(_PORT)  # only registers its address
    told = {name.lower(): value for name, value in stack.environment("web").items()}
    known: dict[str, Any] = {name: value for name, value in told.items() if name in Settings.model_fields}
    app = ready(create_app(Settings(**{**known, "oidc_issuer": "http://127.0.0.1:1"})))
    app.config["SERVER_NAME"] = f"{LOOPBACK}:{_PORT}"
    person = Person.of(subject="officer-a", name="Contracting officer A", roles=roles)
    session_id = app.session_interface._store.begin({}, person=person)  # type: ignore[attr-defined]  # noqa: SLF001  # no provider
    client = app.test_client()
    client.set_cookie(COOKIE, session_id, domain=LOOPBACK, secure=True)
    return client
