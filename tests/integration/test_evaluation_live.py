"""`triage evaluate --live`: the scenarios through a whole stack, which is removed when the command ends."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

CLEAN = {"title": "Nothing to be found", "base": "option", "number": 991, "changes": [], "expected": []}
SILENT = {
    "title": "No contract file",
    "base": "modification",
    "number": 992,
    "changes": [],
    "faults": {"documents": "500"},
    "expected": [{"rule": "S01", "subject": "documents", "severity": "advisory"}],
}


@pytest.fixture
def start(tmp_path):
    """Starts the command; everything it makes is made below `made`."""
    made = tmp_path / "made"
    made.mkdir()
    environment = {**os.environ, "TMPDIR": str(made), "TRIAGE_HOME": str(tmp_path / "nobody's")}

    commands = []

    def started(*arguments):
        line = [sys.executable, "-m", "app.cli.main", "evaluate", "--live", *map(str, arguments)]
        command = subprocess.Popen(
            line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        commands.append(command)
        return command

    yield started
    for command in commands:
        if command.poll() is None:
            command.terminate()
        command.communicate(timeout=60)
    assert list(made.iterdir()) == []
    assert not (tmp_path / "nobody's").exists()
    assert _with(str(made)) == []


def _with(text):
    """Processes with this text in their command line or among their variables."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if text in " ".join((*process.cmdline(), *process.environ().values())):
                found.append(process.name())
    return found


def scenarios(folder, **written):
    folder.mkdir()
    for name, document in written.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def test_all_as_expected(start, tmp_path, expired):
    then = {**expired, "number": 994, "look": {"at": "2026-09-14T16:00:00Z"}}
    folder = scenarios(tmp_path / "right", expired=expired, clean=CLEAN, silent=SILENT, then=then)
    command = start(folder, "--json")
    printed, said = command.communicate(timeout=120)
    assert command.returncode == 0, said
    result = json.loads(printed)
    assert (result["scenarios"], result["as_expected"], result["left_out"]) == (3, 3, 1)
    assert result["live"] is True
    assert {rule: score["hits"] for rule, score in result["rules"].items()} == {"R01": 1, "S01": 1}
    assert "Runs: 3 of 3" in said


def test_a_bad_file_is_refused_before_anything_is_started(start, tmp_path, expired):
    folder = scenarios(tmp_path / "odd", odd={**expired, "number": 0})
    command = start(folder)
    printed, said = command.communicate(timeout=60)
    assert (command.returncode, printed) == (2, "")
    assert said == "odd.json: number: 0 is not between 1 and 999\n"


def test_interrupted_while_it_starts_it_leaves_nothing(start, tmp_path, expired, until):
    command = start(scenarios(tmp_path / "right", expired=expired))
    assert "Starting a stack" in command.stderr.readline()
    until(lambda: any(tmp_path.rglob("stack.json")), what="the record of the stack")
    command.send_signal(signal.SIGINT)
    assert "interrupted" in command.communicate(timeout=60)[1]
    assert command.returncode == 130


def test_ended_while_runs_are_under_way_it_leaves_nothing(start, tmp_path):
    command = start(scenarios(tmp_path / "slow", slow={**SILENT, "faults": {"documents": "hang"}}))
    assert any("Runs: 0 of 1" in line for line in command.stderr)
    command.send_signal(signal.SIGTERM)
    command.send_signal(signal.SIGINT)
    assert "interrupted" in command.communicate(timeout=60)[1]
    assert command.returncode == 130
