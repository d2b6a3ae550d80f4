"""Celery, with a reason for each setting. PostgreSQL is the queue of record; the broker is a hand-off."""

from functools import partial

from celery import Celery
from kombu.connection import Connection
from kombu.entity import Queue

from app.connections.settings import ConnectionSettings
from app.connections.tls import trust_of
from app.credentials.grants import LONGEST_RUN_SECONDS
from workers.runtime.broker import broker_login
from workers.runtime.broker_transport import LOOK_AT_CONNECTION

#: The queue, and the name of its one task.
QUEUE, ATTEMPT = "triage-runs", "triage.attempt"
#: Seconds. Ordered: RUN_DEADLINE < soft < hard < lease < visibility < TTL of a run token (900).
SOFT_TIME_LIMIT, HARD_TIME_LIMIT, VISIBILITY_TIMEOUT = LONGEST_RUN_SECONDS - 5, LONGEST_RUN_SECONDS, 300
#: Seconds that runs in hand have after the request to stop the worker.
SHUTDOWN = 60


def make(configuration: ConnectionSettings) -> Celery:
    """The application for one process. Nothing connects yet.

    Raises `SettingsError` for a password file that cannot be read now.
    """
    app = Celery("triage", set_as_current=True)
    app.amqp.Connection = partial(Connection, credential_provider=broker_login(configuration))
    app.conf.update(
        broker_url=configuration.need("redis_url"),
        broker_transport="workers.runtime.broker_transport:Transport",
        # Without an entry here kombu takes any certificate.
        broker_use_ssl={"trust": trust_of(configuration)} if configuration.is_broker_tls else False,
        # JSON only: a pickled message could run code in the worker.
        accept_content=["json"],
        task_serializer="json",
        # Results are rows in PostgreSQL; there is no result backend to leak them.
        task_ignore_result=True,
        # A worker that dies before it took up an attempt leaves the message to another one.
        task_acks_late=True,
        # Losing a worker mid-run acknowledges the message: the sweeper redoes the run under a new attempt number.
        # Requeueing instead repeats a run that kills its worker without end.
        task_reject_on_worker_lost=False,
        # One message per process at a time, so that wrapping tokens do not age in a worker's memory.
        worker_prefetch_multiplier=1,
        # A misspelt queue name must fail, not swallow runs.
        task_create_missing_queues=False,
        task_queues=[Queue(QUEUE)],  # type: ignore[no-untyped-call]  # kombu has no types
        task_default_queue=QUEUE,
        # Each run has its own deadline. One that misses it ends with its credentials revoked (soft), or is killed
        # and swept (hard); with a pool of threads neither does anything.
        task_soft_time_limit=SOFT_TIME_LIMIT,
        task_time_limit=HARD_TIME_LIMIT,
        # On SIGTERM the runs in hand are finished; after this many seconds they are handed back.
        worker_soft_shutdown_timeout=SHUTDOWN,
        worker_enable_soft_shutdown_on_idle=True,
        # The worker's broker user sees its queue and nothing else: no remote control, no events.
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        # It looks at what it is connected to, waits with a reason, and leaves signs of life.
        worker_consumer="workers.runtime.consumer:Consumer",
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # Publishing must fail quickly: the run simply stays in PostgreSQL.
        task_publish_retry=False,
        broker_transport_options={
            "global_keyprefix": "triage:",
            "visibility_timeout": VISIBILITY_TIMEOUT,
            # Without these a stopped server blocks publishing for 40 s, and redelivery takes 100 s.
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
            "retry_on_timeout": True,
            # A worker notices within this many seconds more that nothing comes over an open connection.
            "health_check_interval": LOOK_AT_CONNECTION,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        },
        # Tokens ride in the arguments: they must not reach a log line.
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app
