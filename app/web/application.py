"""The web application. `create_app` composes it; nothing connects before the first request."""

from datetime import timedelta
from functools import partial

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import settings
from app.connections.database import RECENTLY, connect, problem, sessions
from app.contract_file.exporter import Exporter
from app.contract_file.log_reader import LogReader
from app.contract_file.log_records import LogRecords
from app.intake import BODY_LIMIT
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.report import reconcile_run
from app.review.ageing import AgeingPolicy
from app.review.draft_records import Drafts
from app.review.event_records import EventRecords
from app.review.queries import Pages
from app.review.referrals import ReferralPolicy
from app.review.reviews import Reviews
from app.review.saved_view_records import SavedViews
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
from app.web.database_clock import DatabaseClock
from app.web.presenter import Presenter
from app.web.probes import Probes
from app.web.readiness import Readiness
from app.web.recording import request_events
from app.web.recording.event_outbox import EventOutbox
from app.web.services import Services
from app.web.sign_in import csrf
from app.web.sign_in import pages as sign_in_views
from app.web.views import (
    actions,
    alarms,
    bulk,
    calls,
    days,
    decisions,
    drafts,
    exports,
    exposure,
    flags,
    help_page,
    issued_credentials,
    log_lines,
    news,
    rehearsals,
    runs,
    saved_views,
    security_events,
    stack,
    start,
    switches,
    three_sides,
    tour,
    vendors,
)

#: Connections to the database; gunicorn serves with 24 threads, 8 of which may be streams that hold none.
_POOL = 8
#: Open streams in all and per person, which leaves two thirds of gunicorn's threads to pages.
_STREAMS, _STREAMS_EACH = 8, 2


def create_app(configuration: Settings | None = None) -> Flask:
    """The web application, configured from the environment by default. Raises `SettingsError`.

    Raises `app.web.access.UnlistedError` if a route is missing in the access table.
    """
    configuration = configuration or settings.load()
    database = connect(configuration, pool_size=_POOL, trusted=RECENTLY)
    factory = sessions(database)
    queries = Pages(factory)
    probes = Probes(configuration, queries)

    app = Flask(__name__)
    if hops := configuration.trusted_proxies:
        # Each proxy adds one entry to each header; entries that the client sent are ignored.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    templating.init_app(app, configuration)
    apart = connect(configuration, pool_size=1)
    clock = DatabaseClock(apart)
    identity = sign_in.init_app(app, configuration, factory, clock=clock.seconds)
    Readiness(lambda: problem(apart)).init_app(app)

    outbox = EventOutbox(EventRecords(factory).add, now=clock.now)

    def close() -> None:
        outbox.close()
        probes.close()
        apart.dispose()
        identity.provider.close()
        database.dispose()

    # Forms contain no files, and programs send at most a day's actions.
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT)
    Services(
        sessions=factory,
        database=database,
        clock=clock,
        queries=queries,
        reviews=Reviews(
            factory,
            second_person=configuration.second_person,
            referrals=ReferralPolicy(
                offices=configuration.referral_offices, days=configuration.referral_days
            ),
        ),
        saved_views=SavedViews(factory),
        drafts=Drafts(factory, kept=timedelta(days=configuration.draft_days)),
        ageing=AgeingPolicy.of_settings(configuration),
        probes=probes,
        exporter=Exporter.of(
            configuration,
            factory,
            LogReader(LogRecords(database), configuration.vault_audit_log),
            partial(reconcile_run, database, ISSUING_PATHS),
        ),
        event_outbox=outbox,
        audit_log=configuration.vault_audit_log,
        presenter=Presenter(configuration.presenter_socket) if configuration.presenter_socket else None,
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
        drafts,
        calls,
        runs,
        stack,
        actions,
        vendors,
        issued_credentials,
        exposure,
        switches,
        log_lines,
        alarms,
        security_events,
        three_sides,
        rehearsals,
        days,
        tour,
        help_page,
    ):
        app.register_blueprint(view.bp)
    # Request hooks run in this order: room for events, access, exports, rate limits, CSRF.
    request_events.init_app(app)
    access.init_app(app)
    export_guard.init_app(app)
    limits.init_app(app, configuration)
    csrf.init_app(app, configuration)
    return app
