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


class SelfEnded(Records):
    """One attempt whose run token ended itself, by the vault's log."""

    def __init__(self, **held) -> None:
        super().__init__()
        self.held = {
            "secret_ids": {"secret"},
            "run_tokens": {"run"},
            "self_revoked": {"run"},
            "keys": {"key"},
        } | held

    def due(self, *, tried_before):
        assert not tried_before
        return [each for each in ATTEMPTS[:1] if each not in self.confirmed and each not in self.problems]

    def holdings(self, attempts):
        return [
            Holdings(attempt, **{name: set(its) for name, its in self.held.items()}) for attempt in attempts
        ]


class Tokens:
    """Those that are alive; each that it is asked about is noted."""

    def __init__(self, *alive) -> None:
        self.alive, self.asked, self.destroyed = set(alive), [], []

    def metadata(self, accessor):
        self.asked.append(accessor)
        return {} if accessor in self.alive else None

    def end_token(self, accessor):
        self.alive.discard(accessor)

    def end_secret_id(self, accessor):
        self.destroyed.append(accessor)


def confirmed(records, vault, *, complete=True):
    """How often the log was read until the one end was confirmed."""
    readings = []
    with ThreadPoolExecutor(2) as threads:
        Ending(
            records=records,
            vault=vault,
            ended_users=Users(),
            read_log=lambda: readings.append(1) or complete,
            threads=threads,
        ).confirm_due(tried_before=False)
    assert records.confirmed == ATTEMPTS[:1]
    return len(readings)


def test_the_log_is_read_once_for_an_attempt_that_ended_itself_and_each_token_is_asked_about():
    vault = Tokens()
    assert confirmed(SelfEnded(), vault) == 1
    assert sorted(vault.asked) == ["key", "run"]


def test_a_token_that_lives_on_although_the_log_shows_its_end_is_ended():
    vault = Tokens("run", "key")
    confirmed(SelfEnded(), vault)
    assert not vault.alive


@pytest.mark.parametrize(
    ("held", "complete"),
    [
        ({"secret_ids": {"secret", "second"}}, True),
        ({"run_tokens": {"run", "second"}}, True),
        ({"self_revoked": set()}, True),
        ({"claimed_tokens": {"claimed"}}, True),
        ({}, False),
    ],
)
def test_the_log_is_read_again_where_more_may_have_been_issued(held, complete):
    vault = Tokens()
    assert confirmed(SelfEnded(**held), vault, complete=complete) == 2
    assert bool(vault.destroyed) == ("secret_ids" in held or not complete)


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
