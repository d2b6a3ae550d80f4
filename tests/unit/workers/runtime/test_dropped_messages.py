"""Alarms about dropped messages are few, and none is lost while the database is away."""

import pytest
from sqlalchemy.exc import OperationalError

from workers.runtime import dropped_messages
from workers.runtime.dropped_messages import DroppedMessages


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(dropped_messages, "time", clock)
    return clock


class Alarms:
    """A table of alarms that cannot be reached, or takes no more."""

    def __init__(self) -> None:
        self.details = []
        self.problem = None

    def store(self, detail):
        if isinstance(self.problem, Exception):
            raise self.problem
        if self.problem is None:
            self.details.append(detail)
        return self.problem is None


def test_an_alarm_that_the_database_did_not_take_is_raised_as_soon_as_it_does():
    alarms = Alarms()
    dropped = DroppedMessages(alarms.store)
    alarms.problem = OperationalError("", None, Exception())
    dropped.note("first")
    with pytest.raises(OperationalError):
        dropped.report()
    alarms.problem = None
    dropped.note("first")
    dropped.report()
    assert alarms.details == ["first; dropped: 2"]


def test_one_alarm_a_minute_counts_all_messages(clock):
    alarms = Alarms()
    dropped = DroppedMessages(alarms.store)
    alarms.problem = "too many"
    dropped.note("first")
    dropped.report()
    alarms.problem = None
    dropped.note("first")
    dropped.note("second")
    dropped.report()
    assert alarms.details == ["second; dropped: 1"]
    clock.now += 59
    dropped.report()
    assert len(alarms.details) == 1
    clock.now += 1
    dropped.report()
    assert alarms.details == ["second; dropped: 1", "first; dropped: 2"]
    for _ in range(1000):
        dropped.note("first")
    clock.now += 60
    dropped.report()
    dropped.report()
    assert alarms.details[2:] == ["first; dropped: 1000"]
