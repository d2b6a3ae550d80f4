"""The exec probe of the background processes: it fails when a main loop hangs, and only then."""

import re
import signal
import subprocess
import sys

import pytest

from workers.runtime.health import look

AGE = "6"
PROCESSES = {
    "dispatcher": ("workers.runtime.dispatcher",),
    "sweeper": ("workers.sweep",),
    "worker-threads": ("workers.launch", "--pool", "threads", "--name", "probed-threads"),
    "worker-prefork": ("workers.launch", "--concurrency", "1", "--name", "probed-prefork"),
}


@pytest.fixture
def probe(tmp_path):
    """Asks the probe about one process: exit status, and its one line."""

    def ask(name):
        asked = subprocess.run(
            [sys.executable, "-m", "workers.runtime.health"],
            env={"HEALTH_FILE": str(tmp_path / name), "HEALTH_AGE": AGE, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        (line,) = (asked.stdout + asked.stderr).splitlines()
        return asked.returncode, line

    return ask


@pytest.fixture
def run(system, start, tmp_path):
    def begin(name, **changed):
        variables = system.stack.environment(name.partition("-")[0])
        module, *arguments = PROCESSES[name]
        return start(
            module, *arguments, environment={**variables, "HEALTH_FILE": str(tmp_path / name), **changed}
        )

    return begin


def test_a_process_that_hangs_is_noticed_and_one_that_goes_on_is_well_again(run, probe, until):
    started = {name: run(name).process for name in PROCESSES}
    for name in started:
        until(lambda name=name: probe(name) == (0, "ok"), what=f"a sign of life of {name}")
    for process in started.values():
        process.send_signal(signal.SIGSTOP)
    for name in started:
        until(lambda name=name: probe(name)[0] == 1, what=f"the failure of {name}")
        assert re.fullmatch(
            r"no sign of life for \d+ s, 6 s are allowed; the last one said: ok", probe(name)[1]
        )
    for name, process in started.items():
        process.send_signal(signal.SIGCONT)
        until(lambda name=name: probe(name) == (0, "ok"), what=f"the recovery of {name}")
        assert process.poll() is None


def test_while_the_database_is_away_dispatcher_and_sweeper_live_and_say_why(
    run, probe, until, relay, through
):
    between = relay()
    names = ("dispatcher", "sweeper")
    started = [run(name, **through(name, between.port)).process for name in names]
    for name in names:
        until(lambda name=name: probe(name) == (0, "ok"), what=f"a sign of life of {name}")
    between.close()
    for name in names:
        until(lambda name=name: probe(name)[1].startswith("the database "), what="the reason")
        assert probe(name)[0] == 0
    assert [process.poll() for process in started] == [None, None]


@pytest.mark.parametrize("name", ["dispatcher", "worker-threads"])
def test_without_the_broker_they_live_and_report_silence_or_a_wrong_password(
    name, run, probe, until, tmp_path
):
    user = name.partition("-")[0]
    wrong = tmp_path / "password"
    wrong.touch(0o600)
    wrong.write_text("not-the-password")
    for changed, reason in (
        ({"REDIS_URL": f"redis://{user}@127.0.0.1:1/0"}, "connection refused"),
        ({"REDIS_PASSWORD_FILE": str(wrong)}, "it refuses the user of REDIS_URL or the password"),
    ):
        process = run(name, **changed).process
        until(lambda reason=reason: reason in probe(name)[1], what=reason)
        assert probe(name)[0] == 0
        assert process.poll() is None
        process.kill()
        process.wait(10)


@pytest.mark.parametrize(
    ("environment", "status", "line"),
    [
        ({}, 2, "HEALTH_FILE is not set"),
        ({"HEALTH_FILE": "/nowhere/file"}, 1, "HEALTH_FILE: /nowhere/file: No such file or directory"),
        (
            {"HEALTH_FILE": "/nowhere/file", "HEALTH_AGE": "soon"},
            2,
            "HEALTH_AGE: 'soon' is not a number of seconds above 0",
        ),
    ],
)
def test_the_probe_says_what_it_cannot_look_at(environment, status, line):
    assert look(environment) == (status, line)
