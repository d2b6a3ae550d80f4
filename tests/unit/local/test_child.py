"""PostgreSQL started by root where the kernel refuses user namespaces, as in most containers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parents[3] / "infra/local/child.py"
PROGRAM = """
import ctypes, os, runpy, sys
from pathlib import Path

class Refusing:
    unshare = staticmethod(lambda _: -1)
    def __getattr__(self, name):
        return getattr(kernel, name)

kernel = ctypes.CDLL(None, use_errno=True)
runpy.run_path(sys.argv[1])["become_ordinary"](Refusing(), Path(sys.argv[2]))
os.execv("/bin/sh", ["sh", "-c", 'id -u; stat -c %u "$0"; test -r "$0/settings" && cat "$0/settings"', sys.argv[2]])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_without_namespaces_root_becomes_nobody_and_reaches_its_files_in_a_closed_folder(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    files = closed / "data"
    files.mkdir(mode=0o700)
    (files / "settings").write_text("port = 1\n")
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, LAUNCHER, files],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    user, owner, content = shown.stdout.splitlines()
    assert user == owner != "0"
    assert content == "port = 1"
    assert closed.stat().st_mode & 0o777 == 0o700
