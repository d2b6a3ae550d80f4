"""The pages. `create_app` is the composition root; nothing connects before the first request."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import settings
from app.connections.database import connect, problem, sessions
from app.contract_file.exporter import Exporter
from app.review.queries import Pages
from app.review.reviews import Reviews
from app.review.saved_views import SavedViews
from app.settings import Settings
from app.web import (
    access,
    api,
    display,
    errors,
    export_guard,
    headers,
    limits,
    list_queries,
    sign_in,
    streams,
    templating,
)
from app.web.probes import Probes
from app.web.readiness import Readiness
from app.web.services import Services
from app.web.sign_in import csrf
from app.web.sign_in import pages as sign_in_views
from app.web.views import (
    actions,
    alarms,
    bulk,
    calls,
    decisions,
    exports,
    flags,
    help_page,
    news,
    runs,
    saved_views,
    stack,
    start,
    vendors,
)

#: Connections to the database; gunicorn serves with 24 threads, 8 of which may be streams that hold none.
_POOL = 8
#: Open streams in all, and of one person: two thirds of gunicorn's threads are left to pages, whoever keeps tabs open.
_STREAMS, _STREAMS_EACH = 8, 2


def create_app(configuration: Settings | None = None) -> Flask:
    """The web application, configured from the environment unless told otherwise. Raises `SettingsError`.

    Raises `app.web.access.UnlistedError` when a route is not in the table of who may reach what.
    """
    configuration = configuration or settings.load()
    database = connect(configuration, pool_size=_POOL)
    factory = sessions(database)
    queries = Pages(factory)
    probes = Probes(configuration, queries)

    app = Flask(__name__)
    if hops := configuration.trusted_proxies:
        # Each proxy adds one entry to each header; what a client has put before those is not looked at.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    templating.init_app(app, configuration)
    identity = sign_in.init_app(app, configuration, factory)
    apart = connect(configuration, pool_size=1)
    Readiness(lambda: problem(apart)).init_app(app)

    def close() -> None:
        probes.close()
        apart.dispose()
        identity.provider.close()
        database.dispose()

    # Pages take no file, and programs no more than a day's actions.
    app.config.update(MAX_CONTENT_LENGTH=1_000_000)
    Services(
        sessions=factory,
        queries=queries,
        reviews=Reviews(factory, second_person=configuration.second_person),
        saved_views=SavedViews(factory),
        probes=probes,
        exporter=Exporter.of(configuration, factory),
        audit_log=configuration.vault_audit_log,
        close=close,
    ).init_app(app)
    for part in (errors, list_queries, display):
        part.init_app(app)
    api.init_app(app)
    streams.init_app(app, total=_STREAMS, each=_STREAMS_EACH)
    headers.init_app(app, identity)
    for view in (
        start,
        sign_in_views,
        flags,
        bulk,
        saved_views,
        news,
        exports,
        decisions,
        calls,
        runs,
        stack,
        actions,
        vendors,
        alarms,
        help_page,
    ):
        app.register_blueprint(view.bp)
    # Last of all, and in this order: who may reach the page, what may leave, how often, and whether its own form asked.
    access.init_app(app)
    export_guard.init_app(app)
    limits.init_app(app, configuration)
    csrf.init_app(app, configuration)
    return app
