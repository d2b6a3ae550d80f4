"""A worker's memory is closed to other processes of the same user and is never written to a file."""

import ctypes
import os
import resource
import signal
import socket
from pathlib import Path

import psutil
import pytest

from app.connections.hardening import harden
from infra.local.ports import listens

NOBODY = 65534
PR_SET_DUMPABLE = 4
READ, REFUSED, BROKEN = 0, 1, 2


def in_a_child(work):
    """The exit status of a child process that does this."""
    child = os.fork()
    if child == 0:
        status = BROKEN
        try:
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def become_ordinary():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    # A change of user closes the memory by itself; a process that starts as this user has it open.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def read_memory_of_a_child(*, hardened):
    """A parent of the same user, which even a strict kernel lets read its children, tries to."""
    become_ordinary()
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        if hardened:
            harden()
        os.write(tell, b"x")
        os.close(ready)
        os.read(os.open("/dev/null", os.O_RDONLY), 1)
        while True:
            os.sched_yield()
    os.read(ready, 1)
    try:
        with Path(f"/proc/{child}/mem").open("rb", buffering=0):
            return READ
    except PermissionError:
        return REFUSED
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else for this test")
@pytest.mark.parametrize(("hardened", "outcome"), [(False, READ), (True, REFUSED)])
def test_another_process_of_the_same_user_cannot_read_it(hardened, outcome):
    assert in_a_child(lambda: read_memory_of_a_child(hardened=hardened)) == outcome


def look_for_listeners():
    """A process that hides its sockets listens; so does this one, which anybody of its user can see."""
    become_ordinary()
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        harden()
        with socket.create_server(("127.0.0.1", 0)) as server:
            os.write(tell, str(server.getsockname()[1]).encode())
            signal.pause()
    hidden = int(os.read(ready, 10))
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = listens(child, hidden), listens(child, server.getsockname()[1])
        return READ if found == (True, False) else BROKEN
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else for this test")
def test_its_hidden_socket_is_not_mistaken_for_one_of_another_process():
    assert in_a_child(look_for_listeners) == READ


@pytest.mark.parametrize("name", ["web", "dispatcher", "sweeper", "reconciler", "switch", "worker-1"])
def test_every_process_with_a_secret_has_given_up_core_dumps(system, name):
    pids = [system.stack.processes[name]]
    pids += [child.pid for child in psutil.Process(pids[0]).children(recursive=True)]
    for pid in pids:
        (line,) = (
            each for each in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in each
        )
        assert line.split()[4:6] == ["0", "0"]


def test_it_leaves_no_core_dump():
    def no_core():
        harden()
        return READ if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else BROKEN

    assert in_a_child(no_core) == READ
