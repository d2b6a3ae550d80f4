"""Files of exports have no name, so that nothing stays behind however a process ends."""

import subprocess
import sys
from pathlib import Path

FILLING = """
import sys, time
from app.contract_file.spooled import unnamed_file

with unnamed_file() as file:
    file.write(b"x" * 5_000_000)
    assert file._rolled  # it is on disk
    print("filled", flush=True)
    time.sleep(600)
"""


def test_a_killed_process_leaves_no_file_behind(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", FILLING],
        stdout=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as filling:
        assert filling.stdout.readline() == "filled\n"
        (on_disk,) = [
            each
            for each in Path(f"/proc/{filling.pid}/fd").iterdir()
            if str(each.readlink()).startswith(str(tmp_path))
        ]
        assert on_disk.stat().st_size == 5_000_000
        assert list(tmp_path.iterdir()) == []
        filling.kill()
    assert list(tmp_path.iterdir()) == []
