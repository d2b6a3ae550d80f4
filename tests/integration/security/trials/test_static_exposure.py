"""A short form of `python -m benchmarks.static_exposure`: both halves are measured, and an interruption leaves nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.procurement.systems import SYSTEMS
from app.review.measured_exposure import MeasuredExposure

ROOT = Path(__file__).parents[4]
RUNS = 5


@pytest.fixture
def started(tmp_path):
    """Starts the command with these arguments; its temporary folders are made in an empty one."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.static_exposure", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_the_same_runs_are_measured_with_static_keys_and_with_the_pattern(started, tmp_path):
    command = started("--runs", str(RUNS), "--json")
    out, progress = command.communicate(timeout=240)
    assert command.returncode == 0, progress
    measured = MeasuredExposure.from_json(out)
    static, short = measured.static_keys, measured.short_lived
    assert measured.runs == RUNS
    assert (static.credentials, static.stolen, static.accepted) == (5, 5, 5)
    assert static.reachable == {system.name: system.credential.scope for system in SYSTEMS}
    assert 5 * static.seconds < static.seconds_at_risk <= 5 * static.longest_life
    assert static.dead_after is None
    # Five for each run; of these, signed tokens alone outlive it.
    assert (short.credentials, short.stolen, short.accepted) == (5 * RUNS, 5 * RUNS, 2 * RUNS)
    assert short.reachable == {"sam-gov": "entity:read", "debarment": "exclusions:read"}
    assert 0 < short.seconds_at_risk < short.seconds_at_risk_to_the_end
    assert short.longest_life == 120
    assert 0 < short.dead_after < 120
    assert list(tmp_path.glob("triage-exposure-*")) == []


def test_nothing_is_left_when_it_is_interrupted(started, tmp_path):
    command = started("--json")
    line = command.stderr.readline()
    assert line == "starting servers and the five systems\n"
    command.send_signal(signal.SIGTERM)
    out, rest = command.communicate(timeout=60)
    assert (command.returncode, out) == (1, "")
    assert rest.splitlines()[-1] == "not measured: interrupted"
    assert list(tmp_path.glob("triage-exposure-*")) == []
    assert [
        each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(each.info["cmdline"])
    ] == []


@pytest.mark.parametrize("runs", ["0", "401"])
def test_a_number_of_runs_that_cannot_be_measured_is_refused(started, runs):
    command = started("--runs", runs)
    out, problem = command.communicate(timeout=60)
    assert (command.returncode, out) == (1, "")
    assert problem == f"not measured: --runs is {runs}, not a number from 1 to 400\n"
