"""Prepares the application for a server process."""

import atexit
import gc

from flask import Flask

from app import settings
from app.connections.database import connect
from app.connections.starting import check_all
from app.connections.tls import trust_of
from app.contract_file.exporter import signing_keys
from app.settings import Settings
from app.web.application import create_app
from app.web.recording.process_events import record_start
from app.web.sign_in.csrf import web_key
from app.web.signs_of_life import leave_signs_of_life

#: Settings the pages require.
NEEDED = (
    *("database_url", "web_address", "web_key_file", "export_key_file"),
    *("oidc_issuer", "oidc_client_id"),
)


def configured() -> Settings:
    """The settings of the pages, after checking the files they name. Raises `SettingsError`; does not connect."""
    configuration = settings.load(*NEEDED)
    check_all(
        lambda: trust_of(configuration),
        lambda: connect(configuration),
        lambda: web_key(configuration),
        lambda: signing_keys(configuration),
    )
    return configuration


def serve() -> Flask:
    """The application, configured from the environment, with signs of life. Raises what `create_app` raises."""
    configuration = settings.load()
    app = ready(create_app(configuration))
    atexit.register(record_start(app, configuration))
    leave_signs_of_life(configuration)
    return app


def ready(app: Flask) -> Flask:
    """Compile the templates and exclude current objects from garbage collection.

    A full collection, about one in 150 pages, would otherwise delay a request by a tenth of a second.
    """
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    gc.collect()
    gc.freeze()
    return app
