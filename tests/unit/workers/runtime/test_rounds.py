"""A round may meet anything; the next one comes, and one line says what was in the way."""

import socket
from itertools import count
from threading import Event

import pytest
from psycopg import errors
from sqlalchemy.exc import InternalError, OperationalError

from app.connections.compatibility import IncompatibleError
from app.connections.secret_files import SettingsError
from workers.runtime.rounds import Lane, Pauses, RoundFailedError, Rounds
from workers.runtime.vault import VaultUnavailableError

SECRET = "hvs.not-for-a-log"
ERRORS = [
    (TypeError(SECRET), "a round of sweeping failed (TypeError in test_rounds.py:"),
    (KeyError(SECRET), "a round of sweeping failed (KeyError in test_rounds.py:"),
    (RecursionError(SECRET), "a round of sweeping failed (RecursionError in test_rounds.py:"),
    (socket.gaierror(SECRET), "a round of sweeping failed (gaierror in test_rounds.py:"),
    (
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
        "a round of sweeping failed (ExceptionGroup in test_rounds.py:",
    ),
    (VaultUnavailableError("it is sealed"), "it is sealed"),
    (SettingsError("CA_FILE: no such file"), "CA_FILE: no such file"),
    (RoundFailedError("waiting for\nthe broker"), "waiting for the broker"),
    (IncompatibleError("REDIS_URL: too old"), "REDIS_URL: too old"),
    (
        InternalError(SECRET, None, errors.ReadOnlySqlTransaction(SECRET)),
        "the database refused (ReadOnlySqlTransaction)",
    ),
    (
        OperationalError(SECRET, None, errors.IdleInTransactionSessionTimeout(SECRET)),
        "the database refused (IdleInTransactionSessionTimeout)",
    ),
]


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(("error", "words"), ERRORS, ids=lambda each: type(each).__name__)
def test_any_error_of_a_round_is_one_line_without_a_secret_and_a_pause(error, words):
    rounds = Rounds("sweeping", raising(error))
    assert 0 < rounds.carry_out() <= 5
    assert rounds.problem.startswith(words)
    assert SECRET not in rounds.problem
    assert "\n" not in rounds.problem


def test_pauses_grow_to_five_seconds_differ_and_start_again():
    pauses = Pauses()
    taken = [pauses.next() for _ in range(30)]
    assert 0.125 <= taken[0] <= 0.25
    assert all(2.5 <= pause <= 5 for pause in taken[5:])
    assert len(set(taken)) > 20
    pauses.start_again()
    assert pauses.next() <= 0.25


def test_a_server_that_cannot_be_worked_with_ends_a_process_only_before_its_first_success():
    unsuitable = IncompatibleError("REDIS_URL: too old")
    outcomes = iter([unsuitable, None, unsuitable])

    def work():
        if outcome := next(outcomes):
            raise outcome

    rounds = Rounds("dispatching", work, may_end=True)
    with pytest.raises(IncompatibleError):
        rounds.carry_out()
    assert rounds.carry_out() == 0
    assert rounds.carry_out() > 0
    assert rounds.problem == "REDIS_URL: too old"


def test_a_lane_goes_on_after_every_error():
    numbers, done = count(), Event()

    def work():
        number = next(numbers)
        if number < 3:
            raise ERRORS[number - 3][0]
        done.set()

    with Lane(Rounds("sweeping", work), rest=0.01):
        assert done.wait(10)
