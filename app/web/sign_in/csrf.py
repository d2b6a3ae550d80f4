"""Tokens in forms, so that no other site can send one in somebody's name."""

from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from app.connections.secret_files import SettingsError, read_secret
from app.settings import Settings

_SHORTEST = 32


def web_key(configuration: Settings) -> str:
    """What tokens are signed with. Raises `SettingsError` unless WEB_KEY_FILE is a private file with a long key."""
    file = configuration.file("web_key_file")
    key = read_secret(file, setting="WEB_KEY_FILE")
    if len(key) < _SHORTEST:
        raise SettingsError(f"WEB_KEY_FILE: {file} holds less than {_SHORTEST} characters")
    return key


def init_app(app: Flask, configuration: Settings) -> None:
    """Ask every write for `csrf_token()`, as form field `csrf_token` or header `X-CSRFToken`, but those by bearer token.

    To be called after `access.init_app`. Raises `SettingsError` as `web_key` does.
    """
    app.secret_key = web_key(configuration)
    app.config.update(
        # Asked for below, since a bearer token needs none: no browser sends one by itself.
        WTF_CSRF_CHECK_DEFAULT=False,
        # A token is good as long as its session: whoever writes for an hour is not refused.
        WTF_CSRF_TIME_LIMIT=None,
        # No referrer is ever sent (see `headers`); tokens are bound to the session instead.
        WTF_CSRF_SSL_STRICT=False,
    )
    tokens = CSRFProtect(app)

    @app.before_request
    def check() -> None:
        if request.endpoint is not None and not g.get("by_token"):
            tokens.protect()
