"""Response times of the pages while runs go on: a web process of the stack, asked over HTTP by a signed-in officer."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from random import Random
from typing import Any

import httpx

from app.connections.database import Sessions
from app.review.roles import Person
from app.review.web_sessions import WebSessions
from app.web.sign_in.sessions import COOKIE
from benchmarks.aftermath import rows
from benchmarks.arrivals import Arrivals, times_of_arrival
from benchmarks.percentiles import percentiles
from benchmarks.pipeline import wait_for_ends, wait_for_runs
from infra.local.answering import answers
from infra.local.ports import LOOPBACK
from infra.local.stack import LocalStack

#: The address of each page; names in braces are of a run with flags.
PAGES = {
    "start": "/",
    "queue": "/flags",
    "flag": "/flags/{flag}",
    "run": "/runs/{run}",
    "credentials": "/credentials",
}
_FLAG = "SELECT flag_id AS flag, run_id AS run FROM flag ORDER BY raised_at DESC, flag_id LIMIT 1"
#: Seconds between two requests: ten people who each open a page every two seconds. Requests of each page to warm up.
_APART, _WARM_UP = 0.2, 12
_OK = 200


def measure(
    stack: LocalStack, database: Sessions, actions: Sequence[str], *, rate: float, seconds: float, seed: int
) -> dict[str, Any]:
    """Milliseconds of each page while runs are requested at this rate, of a stack at work; the figures."""
    times = times_of_arrival(Random(seed), rate=rate, seconds=seconds)  # noqa: S311  # it is to be repeatable
    with _officer(stack, database) as client:
        (names,) = rows(stack, _FLAG)
        addresses = {page: address.format(**names) for page, address in PAGES.items()}
        for address in addresses.values():
            for _ in range(_WARM_UP):
                _request(client, address)
        taken: dict[str, list[float]] = {page: [] for page in PAGES}
        with Arrivals(database, actions, times) as arrivals:
            began = time.monotonic()
            for number, (page, address) in enumerate(cycle(addresses.items())):
                time.sleep(max(0.0, began + number * _APART - time.monotonic()))
                if time.monotonic() - began > seconds and number >= len(addresses):
                    break
                taken[page].append(_request(client, address))
            arrivals.wait()
    wait_for_runs(database, arrivals.run_ids)
    wait_for_ends(database, arrivals.run_ids)
    return {
        "rate": round(rate, 2),
        "runs": len(arrivals.run_ids),
        "milliseconds": {page: percentiles(values) for page, values in taken.items()},
    }


def _request(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != _OK:
        raise RuntimeError(f"{address} was answered with status {answer.status_code}")
    return took


@contextmanager
def _officer(stack: LocalStack, database: Sessions) -> Iterator[httpx.Client]:
    """A web process, and a client with the session of an officer who may read everything."""
    port = stack.process_table.serve("web", build=stack.services.web, ready=answers)
    store = WebSessions(database, idle=timedelta(hours=1), lifetime=timedelta(hours=1))
    person = Person.of(subject="officer-a", name="Contracting officer A", roles=("officer", "auditor"))
    try:
        with httpx.Client(
            base_url=f"http://{LOOPBACK}:{port}",
            # Its own cookies would not go over plain HTTP.
            headers={"Cookie": f"{COOKIE}={store.begin({}, person=person)}"},
            trust_env=False,
            timeout=30,
        ) as client:
            yield client
    finally:
        stack.process_table.stop("web")
