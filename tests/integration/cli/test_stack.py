"""The commands with a stack, in a shell whose variables point to a proxy and to other servers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from threading import Thread

import psutil
import pytest

from app.web.presenter import Presenter
from infra.local.leftovers import is_alive, living
from infra.local.state import Layout, is_locked, read_record

REPOSITORY = Path(__file__).parents[3]
WIDTH = 80


class Proxy:
    """Counts who comes, and sends everybody away."""

    def __init__(self) -> None:
        self.visits = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()


@pytest.fixture(scope="module")
def proxy():
    listening = Proxy()
    yield listening
    listening.listener.close()


@pytest.fixture(scope="module")
def shell(proxy, tmp_path_factory):
    """Variables of a shell in which much goes wrong that obeys them; every start of Python leaves a line in `starts`."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "sitecustomize.py").write_text(
        f"import os, sys\nopen({str(folder / 'starts')!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
    )
    address = f"http://127.0.0.1:{proxy.port}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY", "BAO_ADDR")
    return {
        **dict.fromkeys((*names, *(name.lower() for name in names[:3])), address),
        "NO_PROXY": "elsewhere.example",
        "SSL_CERT_FILE": "/nowhere/ca.pem",
        "REQUESTS_CA_BUNDLE": "/nowhere/ca.pem",
        "PGHOST": "127.0.0.1",
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": str(proxy.port),
        "PGSERVICE": "nowhere",
        "PGPASSFILE": "/nowhere/passwords",
        "PGOPTIONS": "-c search_path=nowhere",
        "PGSSLMODE": "require",
        "VAULT_TOKEN": "of-somebody-else",
        "VAULT_NAMESPACE": "elsewhere",
        "BAO_TOKEN": "of-somebody-else",
        "REDIS_HOST": "127.0.0.1",
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{proxy.port}/0",
        "PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}",
        "COLUMNS": str(WIDTH),
    }


@pytest.fixture(scope="module")
def command(triage, shell, tmp_path_factory):
    """Runs a command in that shell: status, standard output, lines of errors."""
    home = tmp_path_factory.mktemp("stack") / "home"

    def run(*arguments, **more):
        return triage(*arguments, environment={**shell, "TRIAGE_HOME": str(home), **more})

    run.layout = Layout(home)
    return run


@pytest.fixture(scope="module")
def record(command):
    """What `stack up --detach` has left running."""
    status, output, errors = command("stack", "up", "--detach")
    assert (status, errors) == (0, []), output
    record = read_record(command.layout)
    assert output.splitlines()[0] == record.users
    assert f"web                {record.endpoints['web']}" in output
    yield record
    command("stack", "down")


@pytest.fixture(scope="module")
def runs(command, record, until, tmp_path_factory):
    """Runs of the demo's actions and of one with the longest id there can be, all completed."""
    actions = json.loads((command.layout.scenarios / "inbox.json").read_text())
    file = tmp_path_factory.mktemp("actions") / "actions.json"
    file.write_text(json.dumps([*actions, actions[-1] | {"action_id": "A" * 64}]))
    assert command("submit", file, "--run")[0] == 0

    def completed():
        runs = json.loads(command("runs", "--state", "completed", "--json")[1])
        return runs if len(runs) == len(actions) + 1 else None

    return until(completed, what="the end of all runs")


def lines_of(output):
    lines = output.splitlines()
    assert max(map(len, lines)) <= WIDTH, [line for line in lines if len(line) > WIDTH]
    return lines


def clean(layout):
    return not (layout.record.exists() or is_locked(layout) or any(layout.secrets.glob("*")))


@pytest.mark.parametrize("line", ["stack up", "stack up --detach", "demo", "day --with-stack"])
def test_a_second_start_leaves_the_running_stack_untouched(command, record, line):
    layout = command.layout

    def files():
        kept = [layout.record, layout.lock, layout.ports, layout.home / "supervisor.log"]
        kept += (file for file in layout.secrets.rglob("*") if file.is_file())
        return {file: (sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns) for file in kept}

    before, logs = files(), {log: log.read_bytes() for log in layout.logs.iterdir()}
    status, output, errors = command(*line.split())
    assert (status, output, len(errors)) == (1, "", 1)
    pid, web = record.supervisor.pid, record.endpoints["web"]
    assert errors[0].startswith(f"a stack is already running in {layout.home}: process {pid}, {web}; ")
    assert re.search("`triage stack down( --home [^ ]+)?` stops it$", errors[0])
    assert files() == before
    assert all(log.read_bytes().startswith(content) for log, content in logs.items())
    assert set(layout.logs.iterdir()) == set(logs)
    assert read_record(layout).processes == record.processes
    assert all(is_alive(process) for process in record.processes)


def test_runs_still_complete_and_are_listed_with_every_id_whole(command, runs):
    shown = lines_of(command("runs")[1])
    for run in runs:
        for name in ("run_id", "action_id"):
            assert any(run[name] in line for line in shown), run[name]


def test_flags_are_listed_with_every_id_whole(command, runs):
    shown = " ".join(lines_of(command("flags", "--limit", "100")[1])).split()
    flagged = [run for run in runs if run["flags"]]
    assert "A" * 64 in {run["action_id"] for run in flagged}
    assert {run["action_id"] for run in flagged} <= set(shown)


def test_lineage_shows_every_id_whole(command, runs):
    run = max(runs, key=lambda run: run["flags"])
    told = json.loads(command("lineage", run["run_id"], "--json")[1])
    words = set(" ".join(lines_of(command("lineage", run["run_id"])[1])).replace(":", " ").split())
    ids = {told["run"]["run_id"], told["run"]["action_id"]}
    ids |= {attempt["token_accessor"] for attempt in told["attempts"]}
    for name in ("request_id", "accessor", "lease_id", "fingerprint"):
        ids |= {credential[name] for credential in told["credentials"] if credential[name]}
    assert len(ids) > 12
    assert ids <= words


def test_status_and_the_day_fit_80_columns(command, record):
    status, output, _ = command("stack", "status")
    assert status == 0
    shown = lines_of(output)
    for name, address in record.endpoints.items():
        assert any(line.startswith(name) and f" {address} " in line for line in shown), name
    assert shown[-1] == record.users
    status, output, _ = command("day", "--runs", "5", "--shared-user")
    assert status == 0
    lines_of(output)


def test_the_demo_ends_by_itself_and_names_no_address_that_is_gone(triage, shell, tmp_path):
    status, output, errors = triage(
        "demo", "--exit", "--shared-user", environment={**shell, "TRIAGE_HOME": str(tmp_path / "home")}
    )
    assert status == 0, errors
    shown = lines_of(output)
    row = re.compile("[0-9a-f-]{36}  ACT-2026-00[0-9]{2} +[0-9]+  ([a-z ]+[a-z]) *")
    outcomes = [found[1] for line in shown if (found := row.fullmatch(line))]
    assert shown[-1] == "Verdict: pass"
    assert sorted(outcomes) == ["clear"] * 2 + ["flagged"] * 9 + ["not fully checked"]
    assert "://" not in output + "".join(errors)
    assert errors[-1] == "stopped"
    assert clean(Layout(tmp_path / "home"))


def test_ctrl_c_during_a_start_stops_what_has_started(shell, tmp_path):
    layout = Layout(tmp_path / "home")
    demo = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "demo"],
        env={"PATH": os.environ["PATH"], **shell, "TRIAGE_HOME": str(layout.home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "own user: " in (users := demo.stderr.readline()) or "share one user: " in users
    assert "ready after" in demo.stderr.readline()
    processes = read_record(layout).processes
    demo.send_signal(signal.SIGINT)
    *_, stopping, stopped = demo.communicate(timeout=60)[1].splitlines()
    assert re.fullmatch("stopping: .*the servers", stopping)
    assert stopped == "stopped"
    assert demo.returncode == 130
    assert not living(processes)
    assert clean(layout)


def test_a_presenter_has_the_demo_start_anew_with_empty_records(shell, tmp_path):
    layout = Layout(tmp_path / "home")
    demo = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "demo", "--shared-user"],
        env={"PATH": os.environ["PATH"], **shell, "TRIAGE_HOME": str(layout.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    presenter = Presenter(layout.presenter_socket)
    try:
        first = runs_until_served(demo.stdout)
        (layout.presenter / "day-7.json").write_text('{"number": 7}')
        presenter.order("reset", by="Security operator A")
        second = runs_until_served(demo.stdout)
        state, supervisor = presenter.state(), read_record(layout).supervisor
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)
    assert (len(first), len(second), first & second) == (12, 12, set())
    assert supervisor.pid == demo.pid
    assert (state.can_start_again, state.days) == (True, ())
    assert (layout.presenter / "day-7.json").exists()
    assert demo.returncode == 0
    assert clean(layout)


def runs_until_served(output):
    """The ids of the runs that a demo prints before it serves the pages."""
    said = ""
    for line in output:
        said += line
        if line == "Ctrl-C stops everything.\n":
            break
    return set(re.findall("^([0-9a-f-]{36})  ACT-", said, re.MULTILINE))


def test_a_wrong_port_is_one_line_and_status_2_and_a_taken_one_status_1(triage, proxy, tmp_path):
    for value, status, reason in (
        ("http", 2, "'http' is not a port: a number from 1 to 65535"),
        (str(proxy.port), 1, f"port {proxy.port} is taken by another process"),
    ):
        told = {"TRIAGE_HOME": str(tmp_path / "home"), "TRIAGE_PORT_WEB": value}
        assert triage("stack", "up", environment=told) == (status, "", [f"TRIAGE_PORT_WEB: {reason}"])


def test_nothing_went_to_the_proxy_and_no_process_saw_the_shell(command, record, proxy, shell):
    assert proxy.visits == 0
    starts = Path(shell["PYTHONPATH"].split(os.pathsep)[0]) / "starts"
    of_python = {int(pid) for pid in starts.read_text().split()}
    assert of_python
    assert not of_python & {record.supervisor.pid, *(process.pid for process in record.processes)}
    for process in record.processes:
        told = psutil.Process(process.pid).environ()
        assert not {name for name in shell if told.get(name) == shell[name]}, process.name
