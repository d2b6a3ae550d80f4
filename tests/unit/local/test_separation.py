"""Why processes share one user: the first obstacle, in one line."""

import os
import tempfile
from pathlib import Path

import pytest

from infra.local import separation
from infra.local.errors import StackError
from infra.local.options import Outside, StackOptions
from infra.local.process import ProcessUser
from infra.local.separation import obstacle
from infra.local.users import first_user

USERS = (ProcessUser(number=61_002, groups=(61_000,)),)
NO_VAULT = StackOptions(parts=frozenset())
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try another user")


@pytest.fixture
def open_folder():
    """A folder that other users can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="users-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_without_root(monkeypatch, tmp_path):
    monkeypatch.setattr(separation.os, "geteuid", lambda: 1000)
    assert obstacle(USERS, NO_VAULT, tmp_path) == "only root can give each its own"


@as_root
def test_secrets_of_outside_servers_keep_their_owners(tmp_path):
    options = StackOptions(parts=frozenset(), outside=Outside(secrets_folder=tmp_path))
    assert obstacle(USERS, options, tmp_path) == "the owners of files in SECRETS_FOLDER are not changed"


@as_root
def test_a_capability_that_a_container_withholds_is_named(monkeypatch, tmp_path):
    status = "Name:\tpython\nCapEff:\t00000000000000db\n"
    monkeypatch.setattr(separation.Path, "read_text", lambda *_, **__: status)
    assert obstacle(USERS, NO_VAULT, tmp_path) == "root lacks CAP_KILL here"


@as_root
def test_numbers_of_accounts_are_not_used(tmp_path):
    taken = (ProcessUser(number=65_534, groups=(61_000,)),)
    reason = "user 65534 has an account, nobody; TRIAGE_FIRST_USER names other numbers"
    assert obstacle(taken, NO_VAULT, tmp_path) == reason


@as_root
def test_a_closed_folder_on_the_way_is_named(monkeypatch, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    reason = obstacle(USERS, NO_VAULT, closed / "home")
    assert reason is not None
    folder = Path(reason.removesuffix(" cannot be entered by other users"))
    assert folder.is_dir()
    assert not folder.stat().st_mode & 0o001


@as_root
@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("exit 3", "Python ended as user 61002"),
        ("echo 'No module named app' >&2; exit 1", "No module named app"),
        ("exec sleep 60", "Python did not start as user 61002 within 0.5 s"),
    ],
)
def test_an_interpreter_that_others_enter_and_that_does_not_work_is_no_success(
    program, reason, monkeypatch, open_folder
):
    python = open_folder / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    monkeypatch.setattr(separation.sys, "executable", str(python))
    monkeypatch.setattr(separation, "REPOSITORY", open_folder)
    monkeypatch.setattr(separation, "_TRIAL_SECONDS", 0.5)
    assert obstacle(USERS, NO_VAULT, open_folder / "home") == reason


def test_the_first_number_is_named_by_a_variable():
    assert first_user({}) == first_user({"TRIAGE_FIRST_USER": ""}) == {}
    assert first_user({"TRIAGE_FIRST_USER": "300000"}) == {"first_user": 300_000}
    for wrong in ("0", "999", "x", "-1000", "1000000000"):
        with pytest.raises(StackError, match=f"^TRIAGE_FIRST_USER: '{wrong}' is not a number from 1000 to "):
            first_user({"TRIAGE_FIRST_USER": wrong})
