"""What a real vault logged about a run is shown in the same way, whether its log is read in parts or as a whole."""

import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from app.connections.database import connect
from app.connections.settings import ConnectionSettings
from app.credentials.log_follower import LogFollower
from app.credentials.log_parts import notes_about
from app.credentials.vault_log import VaultLog
from workers.tools import registry

TOOLS = registry()
WHOLE_RUN = [
    *("auth/approle/role/triage-run/secret-id", "sys/wrapping/unwrap", "auth/approle/login"),
    *("auth/token/create/documents", "auth/token/lookup-self", "auth/token/revoke-self"),
]


@pytest.fixture(scope="module")
def pages(installation):
    """The database as the pages have it."""
    address = f"postgresql://triage_app@127.0.0.1:{installation.ports['postgres']}/triage?sslmode=disable"
    made = connect(
        ConnectionSettings(
            database_url=address, database_password_file=installation.secret("web", "database-password")
        ),
        pool_size=1,
    )
    yield made
    made.dispose()


@dataclass
class Reader:
    """Reads about one run in both ways."""

    named: Path
    pages: Engine
    follower: LogFollower
    run_id: UUID = field(default_factory=uuid4)
    accessors: list[str] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def paths(self):
        """Of all answers that are shown of the run."""
        wanted = {"wrapping_accessors": self.accessors, "since": self.began}
        notes = notes_about(self.pages, self.run_id)
        log = VaultLog(self.named)
        found = log.trail(self.run_id, notes=notes, **wanted)
        assert found == log.trail(self.run_id, **wanted)
        return sorted(line.path for line in found.lines if line.type == "response")

    def doubled(self, paths):
        """Where two servers write a log each, each line is there twice; here it is in two logs of one vault."""
        return sorted(paths * 2 if "*" in self.named.name else paths)

    def sweep(self):
        self.follower.read_to_end()

    def stretches(self):
        """How many stretches were noted, in all files."""
        return sum(len(each.stretches) for each in notes_about(self.pages, self.run_id))


@pytest.fixture(params=["one file", "several files"])
def named(request, installation):
    if request.param == "one file":
        return installation.audit_log
    return installation.folder / "audit*" / "audit*.log"


@pytest.fixture
def reader(named, pages, store):
    made = Reader(named, pages, LogFollower(named, store))
    made.sweep()
    return made


@pytest.fixture
def others(installation):
    """Other runs, with lines between those of the run."""
    return lambda times=3: [installation.ledger_credential(run_id=uuid4()) for _ in range(times)]


def use(installation, session):
    """Take a key, and have it checked as a tool does."""
    key = session.issue("documents", TOOLS["documents"].grant)
    installation.ask("GET", "auth/token/lookup-self", token=key.secret.reveal())
    return key.secret.reveal()


def rotate(installation, number):
    for log in (installation.audit_log, installation.audit_log_2):
        log.rename(log.with_name(f"{log.name}.{number}"))
    installation.process_table.kill("vault", signal.SIGHUP)


def test_a_run_is_shown_at_each_moment_and_over_a_rotation(installation, reader, at_work, others):
    others()
    with at_work(reader.run_id) as (session, minted):
        reader.accessors.append(minted.wrapping_accessor)
        assert reader.paths() == reader.doubled(WHOLE_RUN[:3])  # unread by the sweeper
        others()
        reader.sweep()
        assert reader.paths() == reader.doubled(WHOLE_RUN[:3])
        rotate(installation, uuid4())
        use(installation, session)
        assert reader.paths() == reader.doubled(WHOLE_RUN[:5])
        reader.sweep()
        others()
    reader.sweep()
    others()
    assert reader.paths() == reader.doubled(WHOLE_RUN)
    assert reader.stretches() >= 3


def test_what_a_thief_does_long_after_the_end_is_shown(installation, reader, mint, others):
    """It names the run, though it may be no event: a check of a key that the thief took."""
    stolen = mint(reader.run_id)
    reader.accessors.append(stolen.wrapping_accessor)
    reader.sweep()
    others()
    wrapping_token = stolen.wrapping_token.reveal()
    installation.ask("POST", "sys/wrapping/rewrap", {"token": wrapping_token}, wrapping_token)
    reader.sweep()
    assert "sys/wrapping/rewrap" in reader.paths()
    minted = mint(reader.run_id)
    reader.accessors.append(minted.wrapping_accessor)
    opened = installation.ask("POST", "sys/wrapping/unwrap", token=minted.wrapping_token.reveal()).json()
    login = {"role_id": installation.run_role_id, "secret_id": opened["data"]["secret_id"]}
    token = installation.log_in("", login)
    meta = {"meta": {"run_id": str(reader.run_id)}}
    key = installation.ask("POST", "auth/token/create/documents", meta, token).json()["auth"]["client_token"]
    checks = ["auth/token/lookup-self"] * 2
    for _ in checks:
        reader.sweep()
        others(8)
        installation.ask("GET", "auth/token/lookup-self", token=key)
        reader.sweep()
        others()
    assert [path for path in reader.paths() if path in checks] == reader.doubled(checks)
    installation.ask("POST", "auth/token/create/no-such-role", {}, token)
    installation.ask("POST", "auth/token/revoke-self", token=token)
    reader.sweep()
    assert reader.stretches() >= 5
    assert "auth/token/revoke-self" in reader.paths()


def test_a_run_from_before_anything_was_noted_is_shown_whole(installation, reader, at_work, others):
    with at_work(reader.run_id) as (session, minted):
        reader.accessors.append(minted.wrapping_accessor)
        key = use(installation, session)
        reader.sweep()
        with installation.database("triage") as database:  # as the upgrade leaves it
            database.execute("DELETE FROM run_stretch")
            database.execute("UPDATE log_position SET noted_from = place")
        others()
        assert reader.paths() == reader.doubled(WHOLE_RUN[:5])
        installation.ask("GET", "auth/token/lookup-self", token=key)
    reader.sweep()
    others()
    assert reader.stretches() >= 1
    assert reader.paths() == reader.doubled([*WHOLE_RUN, "auth/token/lookup-self"])
