"""The number of open attempts falls while the vault answers slowly, and rises again with it."""

from itertools import count

import pytest

from workers.runtime import ceiling
from workers.runtime.ceiling import Ceiling

SLOW, QUICK = 0.6, 0.01


def test_it_begins_at_the_most_and_never_exceeds_it():
    room = Ceiling(16)
    assert room.now == 16
    room.answered(QUICK)
    assert room.now == 16


def test_slow_answers_halve_it_down_to_one_attempt():
    room = Ceiling(16)
    seen = []
    for _ in range(6):
        room.answered(SLOW)
        seen.append(room.now)
    assert seen == [8, 4, 2, 1, 1, 1]


def test_quick_answers_raise_it_by_one_each():
    room = Ceiling(4)
    for _ in range(5):
        room.answered(SLOW)
    seen = []
    for _ in range(4):
        room.answered(QUICK)
        seen.append(room.now)
    assert seen == [2, 3, 4, 4]


def test_a_failure_counts_by_the_time_that_it_took(monkeypatch):
    room, clock = Ceiling(16), count(0, 10)
    monkeypatch.setattr(ceiling.time, "monotonic", lambda: next(clock))
    with pytest.raises(OSError, match="lost"), room.timed():
        raise OSError("lost")
    assert room.now == 8


@pytest.mark.parametrize("most", [1, 3])
def test_one_attempt_may_always_be_open(most):
    room = Ceiling(most)
    for _ in range(100):
        room.answered(SLOW)
    assert room.now == 1
