"""The benchmark of a long queue without a vault: what it calls too much."""

import pytest

from benchmarks.outage import Outage


def outage(*, longest=90.0, claim=4.9, memory=(70.0, 75.0), identities=16):
    return Outage(
        waiting=100_000,
        seconds=600,
        longest_statement=longest,
        reported=1,
        claims_p95={"worker: claim": claim, "dispatcher: reserve runs": 1.0},
        dispatcher_memory=memory,
        identities=identities,
    )


def test_what_stays_within_its_limits_is_no_fault():
    assert outage().faults == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"longest": 100.1}, "a statement took 100.1 ms"),
        ({"claim": 5.1}, "worker: claim took 5.10 ms"),
        ({"identities": 17}, "17 identities waited for a worker"),
        ({"memory": (70.0, 77.1)}, "the dispatcher grew from 70.0 to 77.1 MB"),
    ],
)
def test_each_limit_is_named_with_what_exceeds_it(changed, fault):
    assert outage(**changed).faults == [fault]
