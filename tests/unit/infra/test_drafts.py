"""A file is replaced in one step, and the draft of a process that was killed does not stay."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.secrets_folder import write_secret

#: Writes half of a file, says so, and waits to be killed.
KILLED = """
import sys
from pathlib import Path
from infra.secrets_folder import draft
with draft(Path(sys.argv[1])) as file:
    file.write(b"half of a secret")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def writing(tmp_path):
    """A process that is writing `tmp_path / "secret [1]"`."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "secret [1]")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_what_a_killed_process_left_is_removed_by_the_next(writing, tmp_path):
    path = tmp_path / "secret [1]"
    (tmp_path / ".secret [1].of-a-person").touch()
    writing.kill()
    writing.wait()
    assert len(names(tmp_path)) == 2
    write_secret(path, "whole")
    assert names(tmp_path) == [".secret [1].of-a-person", path.name]
    assert path.read_text() == "whole"


def test_the_draft_of_a_process_that_still_writes_stays(writing, tmp_path):
    path = tmp_path / "secret [1]"
    write_secret(path, "whole")
    writing.communicate("", timeout=30)
    assert writing.returncode == 0
    assert names(tmp_path) == [path.name]
    assert path.read_text() == "half of a secret"


def test_after_an_error_nothing_is_left(tmp_path):
    path = tmp_path / "secret"
    write_secret(path, "before")
    with pytest.raises(UnicodeEncodeError):
        write_secret(path, "\udcff")
    assert names(tmp_path) == ["secret"]
    assert path.read_text() == "before"
