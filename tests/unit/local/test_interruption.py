"""A request to stop that comes while a part is being recorded is delivered when the record is complete."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.interruption import Interruption, postponed


def test_a_request_during_the_start_of_a_part_comes_after_the_record_of_it():
    recorded = []

    def start(pool):
        with postponed():
            signal.raise_signal(signal.SIGTERM)
            recorded.append(pool.submit(lambda: "started"))

    with Interruption(), ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            start(pool)
        assert [part.result() for part in recorded] == ["started"]


def test_other_threads_start_their_parts_without_touching_signals():
    before = signal.getsignal(signal.SIGTERM)

    def start():
        with postponed():
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(start).result() is before
