"""Requests that arrive at a fixed rate, whatever the queue, and how long their runs and credentials took."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from random import Random
from threading import Event, Thread
from typing import Any, Self
from uuid import UUID

from app import usecases
from app.connections.database import Sessions
from benchmarks.aftermath import rows
from benchmarks.percentiles import percentiles
from benchmarks.pipeline import PATTERN, processes, wait_for_ends, wait_for_runs, watching
from infra.local.stack import LocalStack

#: From the request until the result is stored. A finding is stored with the result of its run, all or nothing.
_LATENCIES = """
    SELECT extract(epoch FROM finished_at - requested_at)::float AS seconds,
        EXISTS (SELECT FROM flag WHERE flag.run_id = run.run_id) AS has_flag
    FROM run WHERE run_id = ANY (%s)
"""
#: A signed token ends by its expiry; all others when their end is confirmed.
_LIVES = """
    SELECT kind, extract(epoch FROM
        CASE kind WHEN 'signed-token' THEN expires_at ELSE revoked_at END - issued_at)::float AS seconds
    FROM credential WHERE run_id = ANY (%s)
"""
_TOKENS = """
    SELECT extract(epoch FROM revoked_at - token_issued_at)::float AS seconds FROM attempt WHERE run_id = ANY (%s)
"""


def times_of_arrival(random: Random, *, rate: float, seconds: float) -> list[float]:
    """Seconds from the start, as people and programs come that know nothing of each other: a Poisson process."""
    times, at = [], random.expovariate(rate)
    while at < seconds:
        times.append(at)
        at += random.expovariate(rate)
    return times or [0.0]


class Arrivals:
    """Requests runs at these times, in a thread, until the last time or `stop`."""

    def __init__(self, database: Sessions, actions: Sequence[str], times: Sequence[float]) -> None:
        self.run_ids: list[UUID] = []
        self.late: list[float] = []
        """Seconds by which each request came after its time."""
        self._database, self._actions, self._times = database, actions, times
        self._over = Event()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._request, name="arrivals")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait(self) -> None:
        """Wait for the last request. Raises what a request has raised."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _request(self) -> None:
        began = time.monotonic()
        try:
            for action, at in zip(cycle(self._actions), self._times, strict=False):
                if self._over.wait(max(0.0, began + at - time.monotonic())):
                    return
                self.late.append(max(0.0, time.monotonic() - began - at))
                self.run_ids += usecases.request_runs(self._database, [action], requested_by="benchmark")
        except Exception as error:  # noqa: BLE001  # raised again by `wait`
            self._failure = error


@contextmanager
def at_work(stack: LocalStack, *, concurrency: int) -> Iterator[None]:
    """All processes of the pattern."""
    with processes(stack, mode=PATTERN, concurrency=concurrency), watching(stack):
        yield


def measure(
    stack: LocalStack, database: Sessions, actions: Sequence[str], *, rate: float, seconds: float, seed: int
) -> dict[str, Any]:
    """Runs that are requested at this rate (per second) for so long, of a stack `at_work`; the figures."""
    times = times_of_arrival(Random(seed), rate=rate, seconds=seconds)  # noqa: S311  # it is to be repeatable
    with Arrivals(database, actions, times) as arrivals:
        arrivals.wait()
    wait_for_runs(database, arrivals.run_ids)
    wait_for_ends(database, arrivals.run_ids)
    return {"rate": round(rate, 2)} | figures_of(stack, arrivals.run_ids, arrivals.late)


def figures_of(stack: LocalStack, run_ids: Sequence[UUID], late: Sequence[float]) -> dict[str, Any]:
    """Latencies and lives in seconds, of ended runs whose ends are all confirmed."""
    took = rows(stack, _LATENCIES, list(run_ids))
    lives = rows(stack, _LIVES, list(run_ids))
    kinds = sorted({row["kind"] for row in lives})
    return {
        "runs": len(took),
        "request to result": percentiles([row["seconds"] for row in took]),
        "request to flag": percentiles([row["seconds"] for row in took if row["has_flag"]]),
        "credential life": {
            "run-token": percentiles([row["seconds"] for row in rows(stack, _TOKENS, list(run_ids))]),
            **{kind: percentiles([row["seconds"] for row in lives if row["kind"] == kind]) for kind in kinds},
        },
        "request came late": percentiles(late),
    }
