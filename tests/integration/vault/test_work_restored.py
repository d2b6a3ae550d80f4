"""Both servers are lost and restored from a backup taken during work: open runs continue, issued credentials die."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import pytest
from psycopg.rows import dict_row

from app import usecases
from app.connections.database import connect, sessions
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.settings import Settings
from infra.local.options import Outside, Part, StackOptions
from infra.local.stack import LocalStack
from infra.provision.identity_rotation import rotate
from infra.provision.vault_setup import back_up_vault, restore_vault
from infra.reporting import ProvisionError

PARTS = frozenset(Part) - {Part.VAULT, Part.POSTGRES, Part.WEB, Part.IDENTITY}
#: Work enough to last longer than a backup does on a busy machine.
RUNS = 36
#: Runs that wait, whatever the speed of the machine, until the servers are restored.
WAITING = 4


@contextmanager
def at_work(installation) -> Iterator[LocalStack]:
    """The processes of the application and a broker, on this installation's servers; tools take their time."""
    database = f"postgresql://127.0.0.1:{installation.ports['postgres']}"
    outside = Outside(
        secrets_folder=installation.secrets,
        vault=installation.address,
        vault_ledger=installation.settings().vault_ledger_url,
        vault_audit_log=str(installation.audit_log),
        database=f"{database}/triage?sslmode=disable",
        database_admin=installation.settings().database_admin_url,
        tls={"CA_FILE": str(installation.secrets / "worker" / "ca.pem")},
    )
    options = StackOptions(
        parts=PARTS,
        usual_ports=False,
        outside=outside,
        concurrency=3,
        mock_latency=250,
        environment={"ATTEMPT_LEASE": "8", "DISPATCH_WINDOW": "5"},
    )
    with LocalStack(installation.folder / "home", options=options) as stack:
        yield stack


def rows(installation, query: str, *variables: Any) -> list[dict[str, Any]]:
    with installation.database("triage") as database:
        return database.cursor(row_factory=dict_row).execute(query, variables).fetchall()


def states(installation, run_ids) -> dict[UUID, str]:
    """Of these runs: other tests leave theirs in this database."""
    query = "SELECT run_id, state FROM run WHERE run_id = ANY(%s)"
    return {row["run_id"]: row["state"] for row in rows(installation, query, run_ids)}


def request_runs(stack) -> list[UUID]:
    variables = stack.environment("cli")
    settings = Settings(
        **{name.lower(): variables[name] for name in ("DATABASE_URL", "DATABASE_PASSWORD_FILE")}
    )
    engine = connect(settings, pool_size=1)
    try:
        inbox = (stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
        actions, _ = usecases.submit(sessions(engine), inbox)
        return usecases.request_runs(sessions(engine), list(islice(cycle(actions), RUNS)))
    finally:
        engine.dispose()


def hold_back(installation, run_ids) -> None:
    with installation.database("triage") as database:
        database.execute(
            "UPDATE run SET not_before = now() + interval '1 hour' WHERE state = 'requested' AND run_id = ANY(%s)",
            [run_ids],
        )


def release(installation) -> None:
    with installation.database("triage") as database:
        database.execute("UPDATE run SET not_before = NULL WHERE state = 'requested'")


def back_up(installation, folder) -> None:
    """The database first: what it knows of then, the vault still knows, or has ended."""
    password = (installation.secrets / "operator" / "database-admin-password").read_text()
    passfile = folder / "passfile"
    passfile.write_text(f"*:*:*:*:{password}\n")
    passfile.chmod(0o600)
    where = ("--host=127.0.0.1", f"--port={installation.ports['postgres']}", "--username=postgres")
    command = (installation.postgres_program("pg_basebackup"), *where, "--no-password", "--checkpoint=fast")
    subprocess.run(
        (*command, f"--pgdata={folder / 'database'}"),
        env={"PGPASSFILE": str(passfile)},
        check=True,
        timeout=60,
    )
    back_up_vault(installation.settings(), print, file=folder / "vault.snapshot")
    shutil.copytree(installation.secrets, folder / "secrets")


def lose_everything(installation) -> None:
    for server in ("vault", "postgres"):
        installation.process_table.stop(server)
    for folder in (installation.folder / "data", installation.folder / "postgres" / "data"):
        shutil.rmtree(folder)


def restore(installation, folder) -> None:
    shutil.copytree(folder / "database", installation.folder / "postgres" / "data")
    installation.start_postgres()
    installation.start_vault()
    restore_vault(installation.settings(), print, file=folder / "vault.snapshot")
    # It knows none of the identities that were made later.
    with pytest.raises(
        ProvisionError, match=r"a root token is needed \(.*the identity of operator is refused"
    ):
        installation.provision()
    shutil.copytree(folder / "secrets", installation.secrets, dirs_exist_ok=True)


def test_a_backup_taken_during_work_is_restored_and_the_work_goes_on(installation, tmp_path, until):
    with at_work(installation) as stack:
        run_ids = request_runs(stack)
        hold_back(installation, run_ids[-WAITING:])
        wanted = {"requested", "dispatched", "completed"}
        until(
            lambda: wanted <= set(states(installation, run_ids).values()),
            seconds=120,
            what="runs that wait, run, and are done",
        )
        back_up(installation, tmp_path)
        counted = len(rows(installation, "SELECT FROM run WHERE state = 'completed'"))
        until(
            lambda: len(rows(installation, "SELECT FROM run WHERE state = 'completed'")) > counted,
            seconds=120,
            what="more work",
        )
    rotate(installation.settings(), print)
    with pytest.raises(ProvisionError, match="already holds data"):
        restore_vault(installation.settings(), print, file=tmp_path / "vault.snapshot")
    lose_everything(installation)
    restore(installation, tmp_path)

    assert installation.provision() == []
    no_run_is_half_written(installation)
    before = states(installation, run_ids)
    assert before.keys() == set(run_ids)
    assert {"requested", "completed"} <= set(before.values())
    still_open = "SELECT * FROM attempt WHERE state IN ('dispatched', 'running') AND run_id = ANY(%s)"
    open_attempts = rows(installation, still_open, run_ids)
    assert open_attempts

    release(installation)
    with at_work(installation):
        until(
            lambda: set(states(installation, run_ids).values()) == {"completed"},
            seconds=240,
            what="the end of all runs",
        )
        no_run_is_half_written(installation)
        # A run goes on after ten seconds, even if the end of its lost attempt is not confirmed by then.
        unconfirmed = "SELECT 1 FROM attempt WHERE revoked_at IS NULL AND run_id = ANY(%s)"
        until(lambda: not rows(installation, unconfirmed, run_ids), seconds=180, what="the confirmed ends")
        attempts = rows(installation, "SELECT run_id, number, state, revoked_by FROM attempt")
        for lost in open_attempts:
            its = [each for each in attempts if each["run_id"] == lost["run_id"]]
            (again,) = (each for each in its if each["number"] == lost["number"])
            # The log was not lost. It may show that an attempt went on after the backup, which the database does not
            # know: an identity that was used before its claim is ended as stolen, and the run ended its own token.
            assert again["state"] in {"lost", "failed"}
            assert again["revoked_by"] in {"sweeper", "run end"}
            assert [each["state"] for each in its].count("finished") == 1
        until(lambda: not alive(installation), seconds=120, what="the end of everything leased")
    # A user of the ledger whose end lies between the two backups is left, and cannot log in for long.
    with installation.database("ledger") as ledger:
        left = ledger.execute(
            "SELECT max(rolvaliduntil) - now() FROM pg_roles WHERE rolname LIKE 'triage-%'"
        ).fetchone()
    assert left[0] is None or left[0] < timedelta(minutes=15)
    assert installation.ledger_credential()["password"]


def no_run_is_half_written(installation) -> None:
    assert not rows(
        installation,
        "SELECT FROM flag JOIN run USING (run_id) WHERE run.state NOT IN ('completed', 'failed')",
    )
    finished = "SELECT FROM attempt WHERE attempt.run_id = run.run_id AND attempt.state = 'finished'"
    assert not rows(installation, f"SELECT FROM run WHERE (state = 'completed') <> EXISTS ({finished})")


def alive(installation) -> list[str]:
    """What the vault still knows of all that the restored runs were given."""
    tokens = rows(installation, "SELECT token_accessor AS name FROM attempt WHERE token_accessor IS NOT NULL")
    keys = rows(installation, "SELECT accessor AS name FROM credential WHERE accessor IS NOT NULL")
    leases = rows(installation, "SELECT lease_id AS name FROM credential WHERE lease_id IS NOT NULL")
    assert tokens
    assert leases
    file = installation.identity_file("web")
    with Auditor(installation.address, file, trust_of(installation.settings())) as auditor:
        return auditor.alive(
            accessors=[row["name"] for row in (*tokens, *keys)], leases=[row["name"] for row in leases]
        )
