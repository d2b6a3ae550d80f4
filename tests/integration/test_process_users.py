"""A stack that root starts, with an interpreter that other users can enter: each process has a user of its own."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections import defaultdict
from pathlib import Path

import psutil
import pytest

from infra.local.leftovers import is_alive
from infra.local.options import SERVERS, StackOptions
from infra.local.process import ProcessUser
from infra.local.stack import LocalStack
from infra.local.state import Layout, read_record

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "infra", "known_answers", "mocks", "rehearsals", "workers")
READ_VAULT_LOG = {"vault", "sweeper", "reconciler", "web"}
USERS = {
    owner: ProcessUser(number=number, groups=(61_000, 61_001) if owner in READ_VAULT_LOG else (61_000,))
    for number, owner in enumerate(
        (
            *("vault", "postgres", "valkey", "identity-provider"),
            *("dispatcher", "sweeper", "reconciler", "switch", "worker", "web"),
            *("sam-gov", "debarment", "contracts", "documents"),
        ),
        61_002,
    )
}
#: Files that a worker must not read, and others whose absence would make the test empty.
MUST_BE_THERE = (
    ("dispatcher", "secrets/identities/dispatcher/vault-identity.json"),
    ("sweeper", "secrets/identities/sweeper/vault-identity.json"),
    ("operator", "secrets/identities/operator/vault-identity.json"),
    ("operator", "secrets/operator/database-admin-password"),
    ("operator", "secrets/operator/vault-recovery-keys.json"),
    ("web", "secrets/web/export-keys.json"),
    ("worker", "secrets/worker/database-password"),
    ("worker", "secrets/worker/run-role-id"),
    ("vault", "vault/audit.log"),
    ("reconciler", "vault/audit-2.log"),
    ("root", "logs/worker-1.log"),
    ("root", "stack.json"),
)
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives processes users of their own")

#: Reads paths from standard input, and writes those that it could open for reading and for appending.
OPEN = """
import json, sys
opened = {"rb": [], "ab": []}
for path in json.load(sys.stdin):
    for mode in opened:
        try:
            with open(path, mode) as file:
                file.seek(0) if mode == "ab" else file.read(1)
        except OSError:
            continue
        opened[mode].append(path)
print(json.dumps(opened))
"""
#: Opens a socket, and writes whether it could.
CALL = """
import json, os, socket, sys
try:
    folder = os.open(os.path.dirname(file := json.load(sys.stdin)), os.O_PATH)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"/proc/self/fd/{folder}/{os.path.basename(file)}")
except OSError:
    print("false")
else:
    print("true")
"""
#: Reads numbers of processes, and writes what it got from which.
PEER = """
import json, os, sys
def memory(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(int(maps.readline().split("-")[0], 16))
        return memory.read(1)
WAYS = {
    "memory": memory,
    "environment": lambda pid: open(f"/proc/{pid}/environ", "rb").read(1),
    "files": lambda pid: os.listdir(f"/proc/{pid}/fd"),
    "signal": lambda pid: os.kill(pid, 0) or True,
}
got = []
for pid in json.load(sys.stdin):
    for way, of in WAYS.items():
        try:
            of(pid) and got.append([pid, way])
        except OSError:
            pass
print(json.dumps(got))
"""


def as_user(python, user, program, given):
    """What a program of another user prints, that was given something on its standard input."""
    line = [python, "-I", "-S", "-c", program]
    done = subprocess.run(
        line,
        user=user.number,
        group=user.number,
        extra_groups=user.groups,
        cwd="/",
        env={},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def enterable(python):
    """Whether other users can start this interpreter, and it is of the version that runs the tests."""
    check = f"import ssl, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    try:
        started = subprocess.run(
            [python, "-I", "-S", "-c", check],
            user=61_002,
            group=61_002,
            extra_groups=[],
            cwd="/",
            check=False,
        )
    except OSError:
        return False
    return started.returncode == 0


@pytest.fixture(scope="module")
def python():
    """A Python with everything installed, and the checkout in its working folder, both open to other users."""
    named = "python{}.{}".format(*sys.version_info[:2])
    found = next(filter(enterable, (Path(sys.executable).resolve(), Path("/usr/bin") / named)), None)
    if found is None:
        pytest.skip(f"other users can enter neither this interpreter nor /usr/bin/{named}")
    installed = Path(sysconfig.get_path("purelib"))
    if not all(folder.stat().st_mode & 0o001 for folder in (installed, *installed.parents)):
        pytest.skip(f"other users cannot enter {installed}")
    folder = Path(tempfile.mkdtemp(prefix="users-"))
    folder.chmod(0o755)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / "checkout" / package)
    subprocess.run([found, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=60)
    packages = next((folder / "venv/lib").iterdir()) / "site-packages"
    (packages / "installed.pth").write_text(f"{installed}\n")
    # redis wants it below Python 3.11.3; the packages may be those of a later one.
    (packages / "async_timeout.py").write_text("from asyncio import timeout\n")
    yield folder / "venv/bin/python"
    shutil.rmtree(folder)


def command(python, *line, **variables):
    folder = python.parents[2]
    return subprocess.run(
        [python, "-m", *line],
        cwd=folder / "checkout",
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TRIAGE_HOME": str(folder / "state"),
            "COLUMNS": "200",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


@pytest.fixture(scope="module")
def layout(python):
    """The state folder of a whole stack that runs."""
    started = command(python, "app.cli.main", "stack", "up", "--detach")
    assert started.returncode == 0, started.stderr
    assert started.stdout.splitlines()[0] == "each process has its own user: 61002 to 61015"
    yield Layout(python.parents[2] / "state")
    command(python, "app.cli.main", "stack", "down")


@pytest.fixture(scope="module")
def processes(layout):
    """Each process of the stack with its descendants, by the owner of its secrets; not the presenter's, which has none."""
    found = defaultdict(set)
    for process in read_record(layout).processes:
        if process.name == "presenter":
            continue
        owner = "worker" if process.name.startswith("worker-") else process.name
        leader = psutil.Process(process.pid)
        found[owner] |= {leader.pid, *(child.pid for child in leader.children(recursive=True))}
    return dict(found)


def test_each_process_is_its_own_user_and_has_no_right_of_root(layout, processes):
    fields = ("Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs")
    found = {
        (owner, *(status_of(pid)[field] for field in fields))
        for owner, pids in processes.items()
        for pid in pids
    }
    none = "0" * 16
    assert found == {
        (
            owner,
            *[" ".join([str(user.number)] * 4)] * 2,
            " ".join(map(str, user.groups)),
            none,
            none,
            none,
            "1",
        )
        for owner, user in USERS.items()
    }
    assert psutil.Process(read_record(layout).supervisor.pid).uids().real == 0


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: " ".join(value.split()) for name, _, value in (line.partition(":") for line in lines)}


def test_status_says_that_the_users_differ(python, layout):
    shown = command(python, "app.cli.main", "stack", "status")
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (
        0,
        "each process has its own user: 61002 to 61015",
    )
    told = json.loads(command(python, "app.cli.main", "stack", "status", "--json").stdout)
    assert told["separated"] is True


def readers_and_writers(path):
    """The owners that may read and write a file of the state folder; None if it is open to all processes."""
    match path.parts:
        case ("scenarios" | "slow", *_) | ("ports.json" | "export-keys.json",):
            return None
        case ("secrets", "valkey" as owner, _) | ("postgres" as owner, *_):
            return {owner}, {owner}
        case ("access", log):
            writer = "root" if log == "postgres.log" else Path(log).stem
            return {writer, "reconciler"}, {writer}
        case ("vault", name):
            readers = {"vault", "reconciler"} if name == "audit-2.log" else READ_VAULT_LOG
            return readers, {"vault"} if name.endswith(".log") else set()
        case (
            ("secrets", "identities", owner, _)
            | ("secrets", owner, _)
            | ("valkey" | "identity-provider" as owner, _)
        ):
            return {owner}, set()
    return {"root"}, set()


def test_only_the_web_process_reaches_the_one_that_carries_out_a_presenters_orders(python, layout):
    reached = {
        owner for owner, user in USERS.items() if as_user(python, user, CALL, str(layout.presenter_socket))
    }
    assert reached == {"web"}


def test_each_process_reads_and_writes_its_own_files_and_no_others(python, layout, processes):
    paths = {path for path in layout.home.rglob("*") if path.is_file()}
    expected = {str(path): readers_and_writers(path.relative_to(layout.home)) for path in paths}
    closed = {path: both for path, both in expected.items() if both is not None}
    for owner, name in MUST_BE_THERE:
        assert owner in closed[str(layout.home / name)][0]
    found = {owner: as_user(python, user, OPEN, sorted(closed)) for owner, user in USERS.items()}
    for owner, opened in found.items():
        assert set(opened["rb"]) == {path for path, (readers, _) in closed.items() if owner in readers}
        assert set(opened["ab"]) == {path for path, (_, writers) in closed.items() if owner in writers}


def test_no_process_reads_or_signals_another(python, layout, processes):
    supervisor = psutil.Process(read_record(layout).supervisor.pid)
    all_pids = {pid for pids in processes.values() for pid in pids}
    of_root = {supervisor.pid, *(child.pid for child in supervisor.children(recursive=True))} - all_pids
    assert len(of_root) > 1, "the guard"
    for owner, user in USERS.items():
        others = sorted((all_pids | of_root) - processes[owner])
        assert as_user(python, user, PEER, others) == [], owner
    server = sorted(processes["valkey"])
    got = {way for _, way in as_user(python, USERS["valkey"], PEER, server)}
    assert {"environment", "signal"} <= got, "nothing would be found at all"


def test_a_rotation_by_root_keeps_what_each_user_reads(python, layout):
    paths = [
        layout.secrets / name
        for name in ("identities/dispatcher/vault-identity.json", "identities/sweeper/vault-identity.json")
    ]

    def access():
        return [
            (found.st_uid, found.st_gid, stat.filemode(found.st_mode))
            for found in (path.stat() for path in paths)
        ]

    before, contents = access(), [path.read_text() for path in paths]
    vault = read_record(layout).endpoints["vault"]
    rotated = command(
        python,
        *("infra.provision", "rotate", "identities"),
        SECRETS_FOLDER=str(layout.secrets),
        VAULT_ADDR=vault,
    )
    assert rotated.returncode == 0, rotated.stderr
    assert all(path.read_text() != content for path, content in zip(paths, contents, strict=True))
    assert (
        access() == before == [(0, USERS[owner].number, "-rw-r-----") for owner in ("dispatcher", "sweeper")]
    )


def test_runs_complete(python, layout, until):
    inbox = layout.scenarios / "inbox.json"
    submitted = command(python, "app.cli.main", "submit", str(inbox), "--run")
    assert submitted.returncode == 0, submitted.stderr
    actions = {action["action_id"] for action in json.loads(inbox.read_text())}

    def completed():
        shown = command(python, "app.cli.main", "runs", "--state", "completed", "--json").stdout
        return actions == {run["action_id"] for run in json.loads(shown)}

    until(completed, seconds=60, what="the end of all runs")


def test_after_kill_9_of_the_supervisor_no_process_of_any_user_and_no_secret_is_left(layout, until):
    record = read_record(layout)
    os.kill(record.supervisor.pid, signal.SIGKILL)
    until(lambda: not layout.record.exists(), what="the end of the guard")
    assert not [process.name for process in record.processes if is_alive(process)]
    assert not any(layout.secrets.iterdir())
    assert stat.S_IMODE(layout.home.stat().st_mode) == 0o700


def test_a_state_folder_serves_shared_and_separate_users_in_turn(python, until):
    home = python.parents[2] / "in-turn"
    parts = [part.value for part in SERVERS]

    def separate():
        options = json.dumps({"parts": parts, "usual_ports": False})
        with subprocess.Popen(
            [python, "-m", "infra.local.supervisor", "--home", home, "--options", options],
            cwd=python.parents[2] / "checkout",
            stdout=subprocess.PIPE,
            text=True,
        ) as supervisor:
            first, *_ = [supervisor.stdout.readline() for _ in range(4)]
            until(lambda: read_record(Layout(home)).ready)
            supervisor.terminate()
        assert supervisor.returncode == 0
        assert first.startswith("each process has its own user: ")

    def shared():
        # The numbers meet those of `nobody`.
        options = StackOptions(parts=SERVERS, usual_ports=False, first_user=65_530)
        said = []
        with LocalStack(home, options=options, notice=said.append):
            assert said == [
                "processes share one user: user 65534 has an account, nobody; TRIAGE_FIRST_USER names other numbers"
            ]

    for start in (shared, separate, shared, separate):
        start()
