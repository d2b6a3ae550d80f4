"""The pages. `create_app` is the composition root; nothing connects before the first request."""

from flask import Flask
from jinja2 import StrictUndefined

from app import settings
from app.settings import Settings
from app.store.database import connect, sessions
from app.store.pages import Pages
from app.web import errors, headers, look, wording
from app.web.probes import Probes
from app.web.sources import Sources
from app.web.views import flags, runs, stack, start

#: Connections to the database; gunicorn serves with 16 threads.
_POOL = 8


def create_app(configuration: Settings | None = None) -> Flask:
    """The web application, configured from the environment unless told otherwise. Raises `SettingsError`."""
    configuration = configuration or settings.load()
    database = connect(configuration, pool_size=_POOL)
    pages = Pages(sessions(database))
    probes = Probes(configuration, pages)

    def close() -> None:
        probes.close()
        database.dispose()

    app = Flask(__name__)
    # No page takes a body.
    app.config.update(MAX_CONTENT_LENGTH=1_000_000)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["far"] = configuration.far
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Sources(pages=pages, probes=probes, audit_log=configuration.vault_audit_log, close=close).join(app)
    for part in (headers, errors, look, wording):
        part.join(app)
    for view in (start, flags, runs, stack):
        app.register_blueprint(view.bp)
    return app
