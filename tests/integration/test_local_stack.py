"""The local stack on real servers: it starts, keeps its secrets, and leaves nothing behind however it ends."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
import redis

from infra.local.errors import AlreadyRunningError, OutsideError, StackError
from infra.local.leftovers import living, stop_stack
from infra.local.options import SERVERS, Outside, Part, StackOptions, VaultStorage
from infra.local.ports import Ports
from infra.local.stack import LocalStack
from infra.local.state import Layout, StackLock, StackRecord, is_locked, read_record
from infra.local.status import conditions
from infra.provision.database_passwords import password_owners

REPOSITORY = Path(__file__).parents[2]
OPTIONS = StackOptions(parts=SERVERS, usual_ports=False)


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack") / "home", options=OPTIONS) as running:
        yield running


@pytest.fixture
def supervised(tmp_path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], StackRecord]]]:
    """Starts supervisors as separate processes in one state folder."""
    layout = Layout(tmp_path / "home")
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], StackRecord]:
        supervisor = subprocess.Popen(
            [
                *(sys.executable, "-m", "infra.local.supervisor"),
                *("--home", str(layout.home), "--options", OPTIONS.model_dump_json()),
            ],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(supervisor)

        def ready() -> bool:
            assert supervisor.poll() is None, supervisor.communicate()[0]
            record = read_record(layout)
            return record is not None and record.ready and record.supervisor.pid == supervisor.pid

        until(ready)
        record = read_record(layout)
        assert record is not None
        return supervisor, record

    yield start
    for supervisor in started:
        supervisor.terminate()
        supervisor.communicate(timeout=30)
    stop_stack(layout)


def gone(record: StackRecord) -> bool:
    return not living(record.processes)


def is_clean(layout: Layout) -> bool:
    return not (
        layout.record.exists() or is_locked(layout) or layout.lock.exists() or any(layout.secrets.iterdir())
    )


def test_every_server_answers(stack):
    record = read_record(stack.layout)
    assert record.ready
    assert {part.name: part.note for part in conditions(record)} == dict.fromkeys(
        ("vault", "postgres", "valkey"), "up"
    )


def test_the_vault_is_a_real_server_with_two_audit_logs(stack):
    """Not the development mode, whose root token would be known beforehand."""
    address = stack.endpoints["vault"]
    seal = httpx.get(f"{address}/v1/sys/seal-status").json()
    assert (seal["storage_type"], seal["sealed"], seal["initialized"]) == ("inmem", False, True)
    answer = httpx.get(
        f"{address}/v1/sys/mounts", headers={"X-Vault-Token": stack.startup.provisioning.root_token}
    )
    assert answer.status_code == 200
    for log in (stack.layout.audit_log, stack.layout.audit_log_2):
        assert answer.json()["request_id"] in log.read_text()


def test_a_vault_on_raft_keeps_its_data_in_the_state_folder_until_the_next_start(tmp_path):
    options = StackOptions(parts=frozenset({Part.VAULT}), usual_ports=False, vault_storage=VaultStorage.RAFT)
    for _ in range(2):
        with LocalStack(tmp_path / "home", options=options) as running:
            seal = httpx.get(f"{running.endpoints['vault']}/v1/sys/seal-status").json()
            assert (seal["storage_type"], seal["sealed"], seal["initialized"]) == ("raft", False, True)
            assert (running.layout.vault_storage / "vault.db").stat().st_size > 0
            assert listening(running.processes["vault"]) == {"127.0.0.1"}


def listening(pid: int) -> set[str]:
    sockets = psutil.Process(pid).net_connections(kind="inet")
    return {each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN}


def test_only_loopback_is_listened_on(stack):
    for pid in stack.processes.values():
        assert listening(pid) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "role", ["triage_app", "triage_worker", "ledger_owner", "vault_ledger_admin", "postgres"]
)
def test_a_wrong_database_password_is_refused(stack, role):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1",
            port=stack.services.database.port,
            user=role,
            password="wrong",
            dbname="ledger" if "ledger" in role else "triage",
        )


@pytest.mark.parametrize(
    ("role", "database", "allowed"),
    [
        ("triage_worker", "triage", True),
        ("triage_worker", "ledger", False),
        ("triage_worker", "postgres", False),
        ("ledger_owner", "ledger", True),
        ("ledger_owner", "triage", False),
    ],
)
def test_a_login_reaches_its_own_database_only(stack, role, database, allowed):
    def connect() -> None:
        psycopg.connect(
            host="127.0.0.1",
            port=stack.services.database.port,
            user=role,
            password=password_of(stack, role),
            dbname=database,
        ).close()

    if allowed:
        connect()
    else:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect()


def test_the_vaults_own_ledger_login_reads_nothing_but_can_make_readers(stack):
    with psycopg.connect(
        host="127.0.0.1",
        port=stack.services.database.port,
        user="vault_ledger_admin",
        password=stack.secrets.read("operator", "ledger-admin-password"),
        dbname="ledger",
        autocommit=True,
    ) as connection:
        connection.execute("CREATE ROLE leased LOGIN PASSWORD 'x' IN ROLE ledger_reader")
        connection.execute("DROP ROLE leased")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET ROLE ledger_reader")


def test_broker_users_do_their_own_work_and_nothing_else(stack):
    port = int(stack.endpoints["valkey"].rsplit(":", 1)[1])

    def user(name: str) -> redis.Redis:
        password = stack.secrets.read(name, "broker-password")
        return redis.Redis(host="127.0.0.1", port=port, username=name, password=password)

    with user("dispatcher") as dispatcher, user("worker") as worker:
        dispatcher.lpush("triage:queue", "message")
        for refused in (
            lambda: dispatcher.brpop("triage:queue"),  # it cannot take back what it has published
            lambda: dispatcher.lpush("other", "message"),
            lambda: worker.brpop("other", timeout=1),
            lambda: worker.keys("*"),
            worker.acl_list,
            lambda: worker.config_get("*"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                refused()
        assert worker.brpop("triage:queue", timeout=1) == (b"triage:queue", b"message")
    with (
        redis.Redis(host="127.0.0.1", port=port) as nobody,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        nobody.ping()


STRUCTURED = {"users.acl", "seal-key", "export-keys.json", "vault-recovery-keys.json"}


def secret_files(stack) -> list[Path]:
    return [path for path in stack.layout.secrets.rglob("*") if path.is_file()]


def password_of(stack, role) -> str:
    name, owners = password_owners()[role]
    return stack.secrets.read(owners[0], name)


def test_secret_files_are_for_their_owner_only(stack):
    folders = [stack.layout.secrets, *stack.layout.secrets.iterdir()]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    files = secret_files(stack)
    assert len(files) >= 15
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_no_secret_in_any_argument_list_or_environment(stack):
    secrets = [file.read_text().strip() for file in secret_files(stack) if file.name not in STRUCTURED]
    assert stack.startup.provisioning.root_token in secrets
    assert len(secrets) >= 10
    for process in psutil.process_iter():
        for name in ("cmdline", "environ"):
            try:
                text = Path(f"/proc/{process.pid}/{name}").read_bytes().decode(errors="replace")
            except OSError:
                continue  # ended meanwhile, or not ours to read
            assert not [secret for secret in secrets if secret in text], f"{name} of {process.pid}"
    assert not [secret for secret in secrets if secret in stack.layout.record.read_text()]
    for log in stack.layout.logs.iterdir():
        assert not [secret for secret in secrets if secret in log.read_text()], log.name


def test_a_second_start_says_that_one_is_running_and_leaves_it_alone(stack):
    def held() -> dict[Path, bytes]:
        files = [stack.layout.record, *stack.layout.secrets.rglob("*")]
        return {file: file.read_bytes() for file in files if file.is_file()}

    before = held()
    second = LocalStack(stack.layout.home, options=OPTIONS)
    running = f"already running in .*: process {os.getpid()}, .*; `triage stack down --home .*` stops it"
    with pytest.raises(AlreadyRunningError, match=running):
        second.start()
    second.stop()
    assert held() == before
    assert all(part.healthy for part in conditions(read_record(stack.layout)))


def test_of_two_that_start_at_once_one_is_refused_and_the_other_runs(tmp_path):
    home = tmp_path / "home"
    line = [sys.executable, "-m", "infra.local.supervisor", "--home", str(home)]
    line += ["--options", OPTIONS.model_dump_json(), "--log", str(home / "supervisor.log")]
    both = [
        subprocess.Popen(line, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    until(lambda: any(each.poll() is not None for each in both))
    refused, other = sorted(both, key=lambda each: each.poll() is None)
    output, errors = refused.communicate()
    assert (refused.returncode, output, errors.count("\n")) == (1, "", 1)
    assert f"already running in {home}: process {other.pid}" in errors
    until((home / "supervisor.log").exists)
    assert read_record(Layout(home)).supervisor.pid == other.pid
    assert all(part.healthy for part in conditions(read_record(Layout(home))))
    other.terminate()
    # Its output ended when it was ready; everything since then is in its log.
    assert "ready after" in other.communicate(timeout=30)[0]
    assert (home / "supervisor.log").read_text() == "stopping: the servers\nstopped\n"
    assert other.returncode == 0
    assert is_clean(Layout(home))


def test_a_process_can_be_killed_and_started_again(stack):
    before = stack.processes["valkey"]
    stack.process_table.kill("valkey")
    until(stack.process_table.ended)
    assert [part.name for part in conditions(read_record(stack.layout)) if not part.healthy] == ["valkey"]
    stack.restart("valkey")
    assert stack.processes["valkey"] != before
    assert all(part.healthy for part in conditions(read_record(stack.layout)))


def test_the_vault_alone_cannot_be_restarted(stack):
    with pytest.raises(StackError, match="empty or sealed"):
        stack.restart("vault")


def test_an_orderly_stop_leaves_nothing_and_data_survives(tmp_path):
    layout = Layout(tmp_path / "home")
    for expected in ([], [("kept",)]):
        with (
            LocalStack(layout.home, options=OPTIONS) as stack,
            stack.services.database.connect("triage") as connection,
        ):
            connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
            assert connection.execute("SELECT word FROM kept").fetchall() == expected
            connection.execute("INSERT INTO kept VALUES ('kept')")
            record = read_record(layout)
        assert gone(record)
        assert is_clean(layout)


def test_a_killed_supervisor_leaves_no_process_and_the_next_start_works(supervised, tmp_path):
    layout = Layout(tmp_path / "home")
    first, record = supervised()
    first.kill()
    first.wait()
    until(lambda: gone(record))
    until(lambda: is_clean(layout))
    _, again = supervised()
    assert all(part.healthy for part in conditions(again))


def test_a_start_right_after_a_kill_waits_for_the_clean_up(supervised):
    first, record = supervised()
    first.kill()
    supervised()
    assert gone(record)


def test_leftovers_that_ignore_their_signal_are_killed(supervised, tmp_path):
    """A stopped process cannot react to the kernel's signal; the guard insists."""
    first, record = supervised()
    for process in record.processes:
        os.kill(process.pid, signal.SIGSTOP)
    first.kill()
    until(lambda: gone(record))


def test_down_stops_a_running_stack(supervised, tmp_path):
    layout = Layout(tmp_path / "home")
    supervisor, record = supervised()
    assert stop_stack(layout)
    assert supervisor.wait(timeout=10) == 0
    assert gone(record)
    assert is_clean(layout)
    assert not stop_stack(layout)


def test_down_stops_a_stack_that_is_only_starting(tmp_path):
    layout = Layout(tmp_path / "home")
    line = [sys.executable, "-m", "infra.local.supervisor", "--home", str(layout.home)]
    starting = subprocess.Popen(
        [*line, "--options", OPTIONS.model_dump_json()], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    )
    until(lambda: is_locked(layout))
    assert stop_stack(layout)
    assert starting.communicate(timeout=10)[1].endswith("stopped\n")
    assert starting.returncode == 130
    assert is_clean(layout)


def test_the_first_request_to_stop_takes_effect_and_the_second_is_acknowledged(supervised, tmp_path):
    supervisor, record = supervised()
    children = psutil.Process(supervisor.pid).children()
    (guard,) = [child for child in children if "infra.local.guard" in child.cmdline()]
    guard.suspend()  # the stop waits for it
    supervisor.send_signal(signal.SIGINT)
    assert "stopping: the servers\n" in iter(supervisor.stdout.readline, "")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.stdout.readline() == "already stopping\n"
    guard.resume()
    assert supervisor.communicate(timeout=30)[0] == "stopped\n"
    assert supervisor.returncode == 0
    assert gone(record)
    assert is_clean(Layout(tmp_path / "home"))


def test_a_lost_broker_is_started_again_and_a_lost_vault_ends_the_stack(supervised, tmp_path):
    layout = Layout(tmp_path / "home")
    supervisor, record = supervised()
    pids = {process.name: process.pid for process in record.processes}
    os.kill(pids["valkey"], signal.SIGKILL)

    def revived() -> bool:
        now = read_record(layout)
        parts = {part.name: part for part in conditions(now)} if now else {}
        return "valkey" in parts and parts["valkey"].healthy and parts["valkey"].pid != pids["valkey"]

    until(revived)
    os.kill(pids["vault"], signal.SIGKILL)
    output, _ = supervisor.communicate(timeout=30)
    assert supervisor.returncode == 1
    assert "valkey ended by SIGKILL" in output
    assert "vault is lost" in output
    assert is_clean(layout)


def test_a_program_that_does_not_start_is_named_with_the_end_of_its_log(tmp_path):
    broken = tmp_path / "vault"
    broken.write_text("#!/bin/sh\necho no such option\nexit 3\n")
    broken.chmod(0o755)
    options = StackOptions(parts={Part.VAULT}, usual_ports=False, vault_binary=str(broken))
    with pytest.raises(StackError, match="vault ended with status 3\nno such option"):
        LocalStack(tmp_path / "home", options=options).start()
    assert is_clean(Layout(tmp_path / "home"))


def test_a_port_taken_between_choosing_and_binding_is_given_up(tmp_path, monkeypatch):
    with LocalStack(tmp_path / "one", options=OPTIONS) as first:
        taken = iter([int(url.rsplit(":", 1)[1]) for url in first.endpoints.values()])
        choose = Ports.choose
        monkeypatch.setattr(Ports, "choose", lambda self, part: next(taken, None) or choose(self, part))
        with LocalStack(tmp_path / "two", options=OPTIONS) as second:
            assert not set(first.endpoints.values()) & set(second.endpoints.values())


def test_outside_parts_are_used_and_not_started(stack, tmp_path):
    outside = Outside.from_environment(
        {
            "VAULT_ADDR": stack.endpoints["vault"],
            "REDIS_URL": stack.endpoints["valkey"],
            "SAM_GOV_URL": "https://sam.example",
            "SECRETS_FOLDER": str(tmp_path / "secrets"),
        }
    )
    options = StackOptions(parts=SERVERS, usual_ports=False, outside=outside)
    with LocalStack(tmp_path / "home", options=options) as second:
        assert list(second.processes) == ["postgres"]
        variables = second.environment("worker")
        assert variables["VAULT_ADDR"] == stack.endpoints["vault"]
        assert variables["SAM_GOV_URL"] == "https://sam.example"


def test_an_outside_address_with_a_password_is_refused():
    with pytest.raises(StackError, match="REDIS_URL must not carry a password"):
        Outside.from_environment({"REDIS_URL": "redis://worker:secret@broker.example/0"})


def test_every_setting_that_outside_servers_lack_is_named():
    """One login for all processes would be more than any of them may do."""
    given = {
        "DATABASE_URL": "postgresql://triage_app@db.example/triage",
        "REDIS_URL": "redis://broker.example",
    }
    with pytest.raises(OutsideError) as refused:
        Outside.from_environment(given)
    assert str(refused.value).splitlines() == [
        "DATABASE_URL must not name a user: each process has its own login",
        "DATABASE_URL needs VAULT_ADDR, which is not set",
        "REDIS_URL needs VAULT_ADDR, which is not set",
    ]
    plain = {"VAULT_ADDR": "http://vault.example", "SECRETS_FOLDER": "secrets", "SAM_GOV_URL": "sam.example"}
    with pytest.raises(OutsideError) as refused:
        Outside.from_environment(plain)
    assert [line.partition(" must start")[0] for line in str(refused.value).splitlines()] == [
        "VAULT_ADDR:",
        "SAM_GOV_URL:",
    ]


def test_the_lock_file_can_be_removed_while_others_wait_for_it(tmp_path):
    layout = Layout(tmp_path)
    first = StackLock(layout).acquire()
    with pytest.raises(AlreadyRunningError):
        StackLock(layout).acquire()
    first.release()
    second = StackLock(layout).acquire()
    assert is_locked(layout)
    second.release()
    assert not is_locked(layout)


def test_a_start_ends_the_users_of_runs_that_the_last_vault_has_left(tmp_path):
    """Whatever they own, and with a session of theirs open: the vault that would have ended them is gone."""
    with LocalStack(tmp_path / "home", options=OPTIONS) as first:
        database = first.services.database
        with database.connect("ledger") as ledger:
            ledger.execute("ALTER EVENT TRIGGER leased_users_only_read DISABLE")
            ledger.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
            ledger.execute("CREATE ROLE \"triage-left\" LOGIN PASSWORD 'x' IN ROLE ledger_reader")
        with database.connect("ledger", user="triage-left", password="x") as session:
            session.execute("SELECT lo_create(0)")
            session.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
            first.startup.provisioning.database(own=True, new_vault=True)
            with pytest.raises(psycopg.OperationalError):
                session.execute("SELECT 1")
        with database.connect() as connection:
            left = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'triage-left'").fetchall()
            assert not left
