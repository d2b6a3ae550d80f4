"""One system for all trials, which are robberies: each ends in a refusal, or in the end of what was stolen and an alarm."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from app import usecases
from tests.conftest import wait_until
from tests.integration.security.trials.thief import Identity, Message, Thief

#: Seconds until what was stolen is dead. An idle machine takes less than two.
AT_ONCE = 10


@pytest.fixture(scope="package")
def robbed(start_system, tmp_path_factory) -> Iterator[Any]:
    """A system of its own: other tests count alarms."""
    with start_system(tmp_path_factory.mktemp("robbed"), environment={"ATTEMPT_LEASE": "10"}) as running:
        yield running


@pytest.fixture
def thief(robbed) -> Iterator[Thief]:
    """The runs that a trial leaves behind are stopped after it."""
    made = Thief(system=robbed)
    yield made
    for session in made.sessions:
        session.close()
    waiting = "SELECT run_id FROM run WHERE state NOT IN ('completed', 'failed')"
    for row in robbed.rows(waiting):
        usecases.stop_run(robbed.sessions, row["run_id"], requested_by="test")
    wait_until(lambda: not robbed.rows(waiting), what="the end of what a trial has left")


@pytest.fixture
def ends(thief, record_property) -> Callable[[Identity], None]:
    """Waits until nothing of an identity is accepted anywhere, at most as long as something stolen may live."""

    def wait(identity: Identity) -> None:
        began = time.monotonic()
        wait_until(lambda: not thief.works(identity), seconds=AT_ONCE, what="the end of what was stolen")
        record_property("seconds to the end", f"{time.monotonic() - began:.2f}")
        assert not thief.issue(identity, "contracts")

    return wait


@pytest.fixture
def alarmed(thief) -> Callable[..., None]:
    """Waits for an alarm about a run, or for one more alarm than there were."""

    def wait(run_id: UUID | None = None, *, more_than: int = 0) -> None:
        wait_until(lambda: len(thief.alarms(run_id)) > more_than, seconds=AT_ONCE, what="the alarm")

    return wait


@pytest.fixture
def stop(thief) -> Callable[[UUID], dict[str, Any]]:
    """An operator stops a run; its attempt, once its end is confirmed."""

    def stopped(run_id: UUID) -> dict[str, Any]:
        usecases.stop_run(thief.system.sessions, run_id, requested_by="operator-a")
        wait_until(
            lambda: thief.attempts(run_id)[-1]["revoked_at"], seconds=AT_ONCE, what="the confirmed end"
        )
        return thief.attempts(run_id)[-1]

    return stopped


@pytest.fixture
def redone(thief) -> Callable[[UUID], None]:
    """Waits until the worker has done a run after all, in a later attempt than the first."""

    def wait(run_id: UUID) -> None:
        thief.system.wait([run_id])
        first, *later = thief.attempts(run_id)
        assert first["state"] in ("failed", "lost", "postponed")
        assert later[-1]["state"] == "finished"

    return wait


@pytest.fixture
def at_work(thief) -> Callable[..., tuple[Message, Identity]]:
    """A run in the hands of a worker that holds all it may, and records it: `at_work(accessor=…)` lies about the token."""

    def begin(**lies: Any) -> tuple[Message, Identity]:
        message = thief.take()
        assert thief.claim(message)
        identity = thief.become(message)
        thief.record_login(message, identity, accessor=lies.get("accessor", identity.accessor))
        thief.take_all(identity)
        if lies.get("records", True):
            thief.record_credentials(message, identity.credentials)
        assert thief.works(identity) == {"run token", "contracts", "documents", "ledger"}
        return message, identity

    return begin
