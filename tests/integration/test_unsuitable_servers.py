"""Servers that answer but are unsuitable are refused at the start, with the reason and the remedy.

Old versions cannot be installed here: a relay in front of the real server states an older one.
"""

import re
import socket
import struct
from urllib.parse import urlsplit

import pytest

from app.connections.compatibility import FIRST_TABLES, TABLES

STARTUP = struct.pack("!I", 196_608)
PROCESSES = {
    "dispatcher": ("workers.runtime.dispatcher",),
    "sweeper": ("workers.sweep",),
    "worker": ("workers.launch", "--pool", "threads"),
    "web": ("app.web.launch", "--bind", "127.0.0.1:0"),
}


def without_options(chunk):
    """What a pooler does: it knows nothing of `options`, which carry statement_timeout and the time zone."""
    if chunk[4:8] != STARTUP:
        return chunk
    fields = chunk[8:-2].split(b"\0")
    kept = [pair for pair in zip(fields[::2], fields[1::2], strict=True) if pair[0] != b"options"]
    body = STARTUP + b"".join(name + b"\0" + value + b"\0" for name, value in kept) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def refusing_options(message):
    """PgBouncer's refusal, as it words it unless it is configured to ignore options."""

    def answer(chunk):
        if chunk[:1] not in {b"R", b"S"}:
            return chunk
        fields = b"SFATAL\0C08P01\0M" + message + b"\0\0"
        return b"E" + struct.pack("!I", len(fields) + 4) + fields

    return answer


def stating(old, new):
    return lambda chunk: re.sub(old, new, chunk)


OLD_DATABASE = stating(rb"server_version\x00\d\d", b"server_version\x0015")


@pytest.fixture
def refusal(system, start):
    """Starts a process of the running system with some variables changed; the one line of its refusal.

    Before it, each process logs its settings.
    """

    def of(process, changed):
        module, *arguments = PROCESSES[process]
        variables = {**system.stack.environment(process), **changed}
        said = start(module, *arguments, environment=variables).refused()
        lines = [line for line in said if not line.startswith('{"settings": ')]
        assert len(lines) == 1, lines
        return lines[0]

    return of


@pytest.fixture
def other_database(system):
    """Makes a database by a statement; it is dropped after the test."""
    server, made = system.stack.services.database, []

    def make(name, how, version=None):
        with server.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} {how}")
        made.append(name)
        if version:
            with server.connect(name) as connection:
                connection.execute(
                    "CREATE TABLE alembic_version AS SELECT %s::text AS version_num", [version]
                )
                connection.execute("GRANT SELECT ON alembic_version TO PUBLIC")
        return name

    yield make
    with server.connect("postgres") as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


REFUSED = {
    "9999": f"this program needs version {TABLES}: run `triage provision database`",
    "0012": f"from before {FIRST_TABLES}, and cannot be brought up to {TABLES}: start with an empty database and run"
    " `triage provision database`",
}


@pytest.mark.parametrize("version", REFUSED)
@pytest.mark.parametrize("process", PROCESSES)
def test_tables_of_another_version_are_refused(process, version, refusal, *, system, through, other_database):
    name = other_database("another", "", version=version)
    line = refusal(process, through(process, system.stack.services.database.port, database=name))
    assert line == f"DATABASE_URL: the tables are at version {version}, {REFUSED[version]}"


def test_a_database_without_tables_is_refused(refusal, system, through, other_database):
    name = other_database("empty", "")
    line = refusal("sweeper", through("sweeper", system.stack.services.database.port, database=name))
    assert re.search(r"the tables are missing, .*: run `triage provision database`$", line)


def test_a_database_of_another_encoding_is_refused(refusal, system, through, other_database):
    name = other_database("ascii", "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    line = refusal("sweeper", through("sweeper", system.stack.services.database.port, database=name))
    assert line.startswith("DATABASE_URL: the database's encoding is SQL_ASCII, UTF8 is needed")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"to_client": OLD_DATABASE}, "the server is PostgreSQL 15, 16 or newer is needed"),
        ({"to_server": without_options}, "statement_timeout is 0 and .*a pooler .PgBouncer. drops the settings of a connection"),
    ],
    ids=["an old server", "a pooler that drops settings"],
)  # fmt: skip
def test_a_pooler_in_between_or_an_old_server_is_refused(refusal, relay, through, changes, reason):
    line = refusal("sweeper", through("sweeper", relay(**changes).port))
    assert re.match(rf"DATABASE_URL: .*{reason}", line)


@pytest.mark.parametrize("message", [b"unsupported startup parameter: options", b"unsupported startup parameter in options: statement_timeout"])  # fmt: skip
def test_a_pooler_that_refuses_settings_has_its_own_words(refusal, relay, through, message):
    between = relay(to_client=refusing_options(message))
    line = refusal("sweeper", through("sweeper", between.port))
    assert "PgBouncer" in line


@pytest.fixture
def old_broker(system, relay):
    """Has something listen that states to be Valkey 7.0; its port."""
    port = urlsplit(system.stack.endpoints["valkey"]).port
    older = stating(rb"(version\r\n)\$\d+\r\n[\d.]+", rb"\1$6\r\n7.0.15")
    return lambda at=0: relay(port, to_client=older, at=at).port


@pytest.mark.parametrize("process", ["dispatcher", "worker"])
def test_a_broker_that_is_too_old_is_refused(process, refusal, old_broker):
    line = refusal(process, {"REDIS_URL": f"redis://{process}@127.0.0.1:{old_broker()}/0"})
    assert re.search(r"REDIS_URL: the server is valkey 7\.0\.15, 7\.2 or newer is needed", line)


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def waiting(system, start, until, free_port):
    """Starts a process, some variables changed, and returns it once it says that it waits."""

    def begin(process, changed):
        module, *arguments = PROCESSES[process]
        begun = start(module, *arguments, environment={**system.stack.environment(process), **changed})
        until(lambda: "does not answer" in begun.errors.read_text() or "refused" in begun.errors.read_text())
        assert begun.process.poll() is None
        return begun

    return begin


@pytest.mark.parametrize("process", ["dispatcher", "sweeper", "worker"])
def test_an_old_database_that_comes_later_is_refused_then(process, waiting, relay, through, free_port):
    begun = waiting(process, through(process, free_port))
    relay(to_client=OLD_DATABASE, at=free_port)
    assert any("the server is PostgreSQL 15" in line for line in begun.refused())


@pytest.mark.parametrize("process", ["dispatcher", "worker"])
def test_an_old_broker_that_comes_later_is_refused_then(process, waiting, old_broker, free_port):
    begun = waiting(process, {"REDIS_URL": f"redis://{process}@127.0.0.1:{free_port}/0"})
    old_broker(at=free_port)
    assert any("the server is valkey 7.0.15" in line for line in begun.refused())
