"""How far the reconciler is behind while other work goes on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from statistics import quantiles
from threading import Event, Thread

import psycopg

from benchmarks.aftermath import rows
from infra.local.stack import LocalStack
from infra.postgres.server import ServerError

#: Seconds by which the reconciler is behind: the oldest of what tools and vault logged and was not read.
_LAG = (
    "SELECT extract(epoch FROM clock_timestamp() - least((SELECT min(read_until) FROM log_source),"
    " (SELECT seen_at FROM heartbeat WHERE process = 'sweeper')))::float AS seconds"
)


@contextmanager
def lags_of(stack: LocalStack) -> Iterator[list[float]]:
    """The reconciler's lag in seconds, twice a second whenever the database answers."""
    seen: list[float] = []
    over = Event()

    def look() -> None:
        while not over.wait(0.5):
            with suppress(ServerError, psycopg.Error):
                seen.extend(row["seconds"] for row in rows(stack, _LAG) if row["seconds"] is not None)

    looking = Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum of at least two seconds."""
    cuts = [*quantiles(values, n=100, method="inclusive"), max(values)]
    return {name: round(cuts[at], 2) for name, at in (("p50", 49), ("p95", 94), ("max", -1))}
