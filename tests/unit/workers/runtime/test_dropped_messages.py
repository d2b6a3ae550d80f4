"""Alarms about dropped messages are few, and none is lost while the database is away."""

import pytest
from sqlalchemy import create_engine, select

from app.credentials.tables import AlarmRow, table_of
from workers.runtime import dropped_messages
from workers.runtime.dropped_messages import DroppedMessages

ALARM = table_of(AlarmRow)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(dropped_messages, "time", clock)
    return clock


def test_one_alarm_a_minute_counts_all_messages_and_waits_for_the_database(clock, tmp_path):
    database = create_engine(f"sqlite:///{tmp_path}/alarms")

    def details():
        with database.connect() as db:
            return list(db.scalars(select(ALARM.c.detail).order_by(ALARM.c.raised_at)))

    dropped = DroppedMessages(database)
    dropped.dropped("first")  # there is no table yet
    ALARM.create(database)
    dropped.dropped("first")
    dropped.dropped("second")
    assert details() == ["second; dropped: 1"]
    clock.now += 59
    dropped.report()
    assert len(details()) == 1
    clock.now += 1
    dropped.report()
    assert details() == ["second; dropped: 1", "first; dropped: 2"]
    for _ in range(1000):
        dropped.dropped("first")
    clock.now += 60
    dropped.report()
    dropped.report()
    assert details()[2:] == ["first; dropped: 1000"]
