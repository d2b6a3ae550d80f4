"""CSRF tokens: other sites cannot send forms on a person's behalf."""

from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from app.connections.secret_files import SettingsError, read_secret
from app.settings import Settings

_SHORTEST = 32


def web_key(configuration: Settings) -> str:
    """The key that signs the tokens. Raises `SettingsError` unless WEB_KEY_FILE is a private file with a long key."""
    file = configuration.file("web_key_file")
    key = read_secret(file, setting="WEB_KEY_FILE")
    if len(key) < _SHORTEST:
        raise SettingsError(f"WEB_KEY_FILE: {file} holds less than {_SHORTEST} characters")
    return key


def init_app(app: Flask, configuration: Settings) -> None:
    """Require a CSRF token of every write without a bearer token: form field `csrf_token` or header `X-CSRFToken`.

    Call this after `access.init_app`. Raises `SettingsError` as `web_key` does.
    """
    app.secret_key = web_key(configuration)
    app.config.update(
        # Checked below: requests with a bearer token need none, since no browser sends one by itself.
        WTF_CSRF_CHECK_DEFAULT=False,
        # A token is valid as long as its session, so long editing does not invalidate a form.
        WTF_CSRF_TIME_LIMIT=None,
        # No referrer is sent (see `headers`); tokens are bound to the session instead.
        WTF_CSRF_SSL_STRICT=False,
    )
    tokens = CSRFProtect(app)

    @app.before_request
    def check() -> None:
        if request.endpoint is not None and not g.get("by_token"):
            tokens.protect()
