"""Security headers: browsers may only show the page and send requests to this application."""

import secrets

from flask import Flask, Response, g, request

from app.web.sign_in import SignIn

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
_TWO_YEARS = 63_072_000


def init_app(app: Flask, identity: SignIn) -> None:
    """Set the headers on every response of `app`, errors included, and give templates `script_nonce()`."""
    # Browsers apply form-action to redirects after a form, too: signing out redirects to the provider.
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
        f" script-src 'self' 'nonce-{{nonce}}'; form-action 'self' {identity.provider.origin}; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    headers = dict(_HEADERS)
    if identity.address.startswith("https://"):
        headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}; includeSubDomains"

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(headers)
        response.headers["Content-Security-Policy"] = policy.format(nonce=script_nonce())
        if request.endpoint not in {"static", "sign_in.static"}:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.jinja_env.globals["script_nonce"] = script_nonce


def script_nonce() -> str:
    """The value for `<script nonce=…>`, new for each request."""
    if "script_nonce" not in g:
        g.script_nonce = secrets.token_urlsafe(16)
    return str(g.script_nonce)
