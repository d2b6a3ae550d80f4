"""Sign-in and sign-out with OpenID Connect."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from flask import Flask, current_app

from app.connections.database import Sessions
from app.connections.tls import trust_of
from app.review.web_sessions import WebSessions
from app.settings import Settings
from app.web.sign_in import current_person, session_expiry
from app.web.sign_in.assurance import Assurance
from app.web.sign_in.current_person import may, person, visitor
from app.web.sign_in.provider import Provider
from app.web.sign_in.sessions import DatabaseSessions

__all__ = ["SignIn", "init_app", "may", "person", "sign_in", "visitor"]

_KEY = "triage.sign_in"
CALLBACK = "/sign-in/callback"
SIGNED_OUT = "/signed-out"


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """The provider, and this application's address without a trailing slash."""

    provider: Provider
    address: str


def init_app(
    app: Flask, configuration: Settings, sessions: Sessions, *, clock: Callable[[], float] = time.time
) -> SignIn:
    """Add sessions and the identity provider to `app`. Tokens are valid by `clock`. Raises `SettingsError`."""
    address = configuration.need("web_address")
    provider = Provider(
        issuer=configuration.need("oidc_issuer"),
        client_id=configuration.need("oidc_client_id"),
        redirect_uri=address + CALLBACK,
        trust=trust_of(configuration),
        address=configuration.oidc_address,
        clock=clock,
        assurance=Assurance(acr=configuration.oidc_required_acr, amr=configuration.oidc_required_amr),
    )
    store = WebSessions(
        sessions,
        idle=timedelta(seconds=configuration.session_idle),
        lifetime=timedelta(seconds=configuration.session_lifetime),
    )
    app.session_interface = DatabaseSessions(store)
    current_person.init_app(app)
    session_expiry.init_app(app)
    app.extensions[_KEY] = made = SignIn(provider=provider, address=address)
    return made


def sign_in() -> SignIn:
    """The sign-in of the current application."""
    return cast("SignIn", current_app.extensions[_KEY])
