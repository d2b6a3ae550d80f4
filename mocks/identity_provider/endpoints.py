"""The provider's endpoints."""

import os
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from mocks.configuration import ConfigurationError, http_address, required
from mocks.identity_provider import grants
from mocks.identity_provider.clients import Clients
from mocks.identity_provider.codes import Codes
from mocks.identity_provider.methods import METHODS, USUAL, Authenticated
from mocks.identity_provider.personas import PERSONAS
from mocks.identity_provider.signing import ALGORITHM, SigningKey


def create_app(environment: Mapping[str, str] = os.environ) -> Flask:
    """The provider. OIDC_ISSUER is its own address, OIDC_CLIENTS the file that lists its clients.

    Raises `ConfigurationError`. Over plain HTTP, Authlib also requires AUTHLIB_INSECURE_TRANSPORT.
    """
    given = required(environment, ("OIDC_ISSUER", "OIDC_CLIENTS"))
    issuer = http_address(given, "OIDC_ISSUER")
    clients, signing = Clients(Path(given["OIDC_CLIENTS"])), SigningKey()
    try:
        clients.find("")
    except (OSError, ValueError, TypeError, KeyError):
        raise ConfigurationError(
            f"OIDC_CLIENTS: {given['OIDC_CLIENTS']} is not a JSON list of clients"
        ) from None

    app = Flask("identity-provider", root_path=str(Path(__file__).parent), static_folder=None)
    server = AuthorizationServer(app, query_client=clients.find, save_token=lambda _token, _request: None)
    server.register_grant(
        grants.code_grant(Codes()), [grants.S256Only(required=True), grants.IdToken(signing, issuer)]
    )
    server.register_token_generator("default", grants.AccessToken(signing, issuer))
    server.register_extension(grants.Issuer(issuer))
    server.register_endpoint(grants.EndSession)
    _metadata(app, issuer, signing)
    _authorization(app, server)

    @app.post("/token")
    def token() -> ResponseReturnValue:
        response: Response = server.create_token_response()
        return response

    @app.get("/userinfo")
    def who() -> ResponseReturnValue:
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        subject = signing.subject_of(presented, issuer=issuer) if scheme.lower() == "bearer" else None
        persona = PERSONAS.get(subject or "")
        if persona is None:
            return (
                jsonify(error="invalid_token"),
                HTTPStatus.UNAUTHORIZED,
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return jsonify(persona.claims())

    @app.route("/end-session", methods=["GET", "POST"])
    def end_session() -> ResponseReturnValue:
        response: Response | None = server.create_endpoint_response("end_session")
        return response or _page(render_template("signed_out.html"))

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy("'none'"))
        response.headers.update(
            {
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            }
        )
        return response

    return app


def _authorization(app: Flask, server: AuthorizationServer) -> None:
    @app.get("/authorize")
    def choose() -> ResponseReturnValue:
        """Ask the visitor to choose a persona."""
        try:
            grant = server.get_consent_grant()
        except OAuth2Error as error:
            return _refused(server, error)
        page = render_template(
            "choose.html",
            personas=PERSONAS.values(),
            methods=METHODS.values(),
            usual=USUAL,
            client=grant.request.client,
        )
        return _page(page, form_action=_origin(grant.request.payload.redirect_uri))

    @app.post("/authorize")
    def chosen() -> ResponseReturnValue:
        """Send the visitor back with a code."""
        persona = PERSONAS.get(request.form.get("persona", ""))
        method = METHODS.get(request.form.get("method", ""), USUAL)
        user = Authenticated(persona=persona, method=method) if persona else None
        try:
            grant = server.get_consent_grant(end_user=user)
        except OAuth2Error as error:
            return _refused(server, error)
        response: Response = server.create_authorization_response(grant_user=user, grant=grant)
        return response


def _metadata(app: Flask, issuer: str, signing: SigningKey) -> None:
    @app.get("/.well-known/openid-configuration")
    def discovery() -> ResponseReturnValue:
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            userinfo_endpoint=f"{issuer}/userinfo",
            end_session_endpoint=f"{issuer}/end-session",
            jwks_uri=f"{issuer}/keys",
            scopes_supported=["openid", "profile"],
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=["authorization_code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=[ALGORITHM],
            token_endpoint_auth_methods_supported=["none"],
            code_challenge_methods_supported=["S256"],
            claims_supported=["sub", "auth_time", "acr", "amr", "name", "preferred_username", "roles"],
            acr_values_supported=[method.acr for method in METHODS.values() if method.acr],
            authorization_response_iss_parameter_supported=True,
        )

    @app.get("/keys")
    def keys() -> ResponseReturnValue:
        return jsonify(signing.public())

    @app.get("/healthz")
    def healthy() -> ResponseReturnValue:
        return jsonify(status="ok", service="identity-provider")

    @app.get("/style.css")
    def style() -> ResponseReturnValue:
        return render_template("style.css"), {"Content-Type": "text/css; charset=utf-8"}


def _refused(server: AuthorizationServer, error: OAuth2Error) -> ResponseReturnValue:
    """Send the error to the client if its address is registered, else show it on a page."""
    if getattr(error, "redirect_uri", None):
        response: Response = server.handle_error_response(None, error)
        return response
    page = _page(render_template("refused.html", error=error.error, text=error.description))
    page.status_code = HTTPStatus.BAD_REQUEST
    return page


def _page(html: str, *, form_action: str | None = None) -> Response:
    response = Response(html, mimetype="text/html")
    # Browsers apply form-action to redirects after a form as well, and this one leads back to the client.
    response.headers["Content-Security-Policy"] = _policy(
        f"'self' {form_action}" if form_action else "'none'"
    )
    return response


def _policy(form_action: str) -> str:
    return (
        f"default-src 'none'; style-src 'self'; form-action {form_action}; base-uri 'none';"
        " frame-ancestors 'none'"
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
