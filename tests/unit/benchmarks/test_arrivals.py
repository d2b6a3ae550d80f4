"""When requests arrive, and what is made of the times that were measured."""

from itertools import pairwise
from random import Random

import pytest

from benchmarks.arrivals import times_of_arrival
from benchmarks.percentiles import percentile, percentiles


def test_requests_arrive_at_the_rate_that_was_wanted_and_not_evenly():
    times = times_of_arrival(Random(2026), rate=5.0, seconds=2_000.0)
    assert len(times) == pytest.approx(10_000, rel=0.03)
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] < 2_000.0
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    # Of an exponential distribution the median is 0.69 of the mean; of equal gaps it would be the mean.
    assert percentile(gaps, 0.5) == pytest.approx(0.693 / 5.0, rel=0.05)


def test_the_same_seed_brings_the_same_requests():
    first, again, other = (times_of_arrival(Random(seed), rate=3.0, seconds=30.0) for seed in (1, 1, 2))
    assert first == again != other


def test_there_is_one_request_at_least():
    assert times_of_arrival(Random(1), rate=1e-9, seconds=1.0) == [0.0]


def test_percentiles_are_values_that_were_measured():
    assert percentiles([float(n) for n in range(100, 0, -1)]) == {
        "number": 100,
        "p50": 50.0,
        "p95": 95.0,
        "max": 100.0,
    }
    assert percentiles([]) == {"number": 0, "p50": None, "p95": None, "max": None}
    assert percentiles([0.25])["p95"] == 0.25
