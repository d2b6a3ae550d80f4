"""The guard of a killed stack cleans up, unless another stack has taken over."""

import io
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from infra.local import guard
from infra.local.errors import AlreadyRunningError
from infra.local.process import boot_id
from infra.local.state import Layout, ProcessRecord, StackLock, StackRecord, is_locked
from infra.secrets_folder import SecretsFolder

#: A process id that Linux never assigns.
DEAD = 2**22 + 1


@pytest.fixture
def dead(tmp_path, monkeypatch):
    """What a killed stack left behind, and a guard that has just heard of it."""
    layout = Layout(tmp_path / "home")
    layout.create()
    SecretsFolder(layout.secrets).replace("operator", "vault-root-token", "secret")
    record_of(layout, pid=DEAD)
    monkeypatch.setattr(sys, "argv", ["guard", str(layout.home), str(DEAD)])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    monkeypatch.setattr(guard.signal, "signal", lambda *_: None)
    return layout


def record_of(layout, *, pid):
    supervisor = ProcessRecord(name="supervisor", pid=pid, ticks=1)
    StackRecord(boot=boot_id(), supervisor=supervisor, started=datetime.now(UTC)).write(layout)


def refusing(times, then=lambda: None):
    """A lock that is held elsewhere for the first tries."""
    acquire, tries = StackLock.acquire, iter(range(times))

    def attempt(self):
        if next(tries, None) is not None:
            raise AlreadyRunningError("held")
        then()
        return acquire(self)

    return attempt


def test_a_lock_that_is_let_go_a_moment_later_is_waited_for(dead, monkeypatch):
    """A killed process lets go of its pipe before it lets go of its lock."""
    monkeypatch.setattr(StackLock, "acquire", refusing(3))
    guard.main()
    assert not dead.record.exists()
    assert not any(dead.secrets.iterdir())
    assert not is_locked(dead)


def test_another_stack_that_has_taken_over_is_left_alone(dead):
    with_lock = StackLock(dead).acquire()
    seen = guard.read_record(dead)
    record_of(dead, pid=DEAD + 1)
    assert guard._lock_of(seen, dead) is None
    assert dead.record.exists()
    with_lock.release()


def test_an_orderly_stop_leaves_nothing_to_do(dead):
    dead.record.unlink()
    guard.main()
    assert any(dead.secrets.iterdir())


def test_a_guard_that_comes_late_does_not_guard_the_next_stack(dead):
    record_of(dead, pid=DEAD + 1)
    guard.main()
    assert dead.record.exists()
    assert any(dead.secrets.iterdir())
