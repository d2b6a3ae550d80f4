"""Notices that follow each other gather, and one that comes alone is answered at once."""

from contextlib import contextmanager

import pytest

from workers.runtime import notices


class Process:
    """Its rounds, its pulse and its request to stop."""

    may_end, requested, problem = False, False, None

    def __init__(self) -> None:
        self.waits: list[float] = []

    def carry_out(self):
        return 0.0

    def beat(self, _problem):
        """Leave a sign of life."""

    def wait(self, _seconds):
        """Pause."""


@pytest.fixture
def gathered(monkeypatch):
    """How long notices gathered after each round, by whether each wait for one had brought one."""

    def run(*brought, apart):
        its, left = Process(), list(brought)

        class Notices:
            def wait(self, *, seconds):
                its.waits.append(seconds)
                its.requested = len(left) == 1
                return left.pop(0)

        @contextmanager
        def listen(_engine, _channel):
            yield Notices()

        monkeypatch.setattr(notices, "listen", listen)
        notices.repeat_on_notice(its, engine=None, pulse=its, stop=its, rest=1.0, apart=apart)
        return [round(1.0 - wait, 3) for wait in its.waits]

    return run


def test_notices_gather_for_longer_while_they_follow_each_other(gathered):
    assert gathered(True, True, True, True, False, True, apart=0.4) == [0.1, 0.2, 0.4, 0.4, 0.4, 0.0]


def test_without_time_to_gather_each_notice_begins_a_round(gathered):
    assert gathered(True, True, False, apart=0.0) == [0.0, 0.0, 0.0]
