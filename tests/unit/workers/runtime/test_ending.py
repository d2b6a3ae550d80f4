"""An end that nobody can deal with holds up no other end, and a database that hangs holds up no round."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from app.connections.settings import ConnectionSettings
from app.credentials.holdings import EndedAttempt, Holdings
from workers.runtime.ending import Ending
from workers.runtime.leased_logins import DatabaseSilentError, LeasedLogins

ATTEMPTS = [EndedAttempt(UUID(int=number), 1) for number in range(1, 6)]
STRANGE = ATTEMPTS[2]


class Records:
    """Five ended attempts, of which one has a holding that nobody understands."""

    def __init__(self) -> None:
        self.confirmed: list[EndedAttempt] = []
        self.problems: dict[EndedAttempt, str] = {}

    def due(self, *, tried_before: bool) -> list[EndedAttempt]:
        assert not tried_before
        return [each for each in ATTEMPTS if each not in self.confirmed and each not in self.problems]

    def holdings(self, attempts):
        held = [Holdings(attempt) for attempt in attempts]
        for each in held:
            each.keys.add("strange" if each.ended == STRANGE else "usual")
        return held

    def confirm(self, confirmed):
        self.confirmed += [held.ended for held in confirmed]

    def note_problem(self, attempt, problem):
        self.problems[attempt] = problem


class Vault:
    """Knows no token, and answers a question about one of them in a way nobody thought of."""

    def metadata(self, accessor):
        if accessor == "strange":
            raise TypeError(accessor)


class Users:
    def left(self, _users, _ours):
        return {}


def test_an_attempt_that_nobody_can_deal_with_holds_up_no_other_end():
    records = Records()
    with ThreadPoolExecutor(4) as threads:
        ending = Ending(
            records=records, vault=Vault(), ended_users=Users(), read_log=lambda: True, threads=threads
        )
        ending.confirm_due(tried_before=False)
    assert set(records.confirmed) == set(ATTEMPTS) - {STRANGE}
    assert list(records.problems) == [STRANGE]
    assert records.problems[STRANGE].startswith(
        "a round of confirming ends failed (TypeError in test_ending.py:"
    )


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_database_that_takes_connections_and_says_nothing_is_given_up(silent_port):
    address = f"postgresql://127.0.0.1:{silent_port}/ledger"
    logins = LeasedLogins("ledger", address, "triage_sweeper", ConnectionSettings())
    began = time.monotonic()
    with pytest.raises(DatabaseSilentError, match="the database of ledger does not answer"):
        logins.left(["someone"])
    assert time.monotonic() - began < 30  # for ever, without a deadline
