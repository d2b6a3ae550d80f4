"""The database's time in a web process, whose own clock may be wrong and whose database may be away."""

import time
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
import time_machine
from sqlalchemy.exc import OperationalError

from app.connections.database import connect
from app.web.database_clock import DatabaseClock

SOON = timedelta(seconds=5)


@pytest.fixture
def engine(system):
    made = connect(system.settings("web"), pool_size=1)
    yield made
    made.dispose()


@pytest.mark.parametrize("ahead", [180, -180])
def test_it_does_not_depend_on_the_clock_of_the_process(engine, ahead):
    right = datetime.now(UTC)
    with time_machine.travel(right + timedelta(seconds=ahead), tick=True):
        clock = DatabaseClock(engine)
        assert abs(clock.now() - right) < SOON
        assert abs(clock.seconds() - right.timestamp()) < SOON.total_seconds()


class AwayEngine:
    """A database that is away, and counts how often it was asked."""

    def __init__(self, hold: Event | None = None) -> None:
        self.asked = 0
        self._hold = hold

    def connect(self):
        self.asked += 1
        if self._hold is not None:
            self._hold.wait(30)
        raise OperationalError("", None, Exception())


def test_a_database_that_is_away_is_not_asked_by_every_page():
    away = AwayEngine()
    clock = DatabaseClock(away)
    assert abs(clock.now() - datetime.now(UTC)) < SOON
    for _ in range(100):
        clock.now()
    assert away.asked == 1


def test_no_page_waits_for_the_one_that_asks():
    hold = Event()
    away = AwayEngine(hold)
    clock = DatabaseClock(away)
    asking = Thread(target=clock.now)
    asking.start()
    try:
        while not away.asked:
            time.sleep(0.01)
        assert abs(clock.now() - datetime.now(UTC)) < SOON
    finally:
        hold.set()
        asking.join()
    assert away.asked == 1
