"""Starts an agent worker: replaces itself by Celery, so that one process tree and one set of signals remain."""

import argparse
import os
import sys

from app import settings
from app.connections.secret_files import read_secret
from app.connections.starting import check_all, starting
from app.connections.tls import trust_of
from app.procurement.systems import SYSTEMS
from workers.runtime import names
from workers.runtime.broker_login import broker_login
from workers.runtime.health_file import HealthFile

#: What an agent worker cannot do without.
NEEDED = (
    *("database_url", "redis_url", "vault_addr"),
    *(system.address_setting for system in SYSTEMS),
)


def command(*, concurrency: int, pool: str, recycle: bool, name: str) -> list[str]:
    """The Celery command line. With `recycle` each process serves one run and ends, memory and all."""
    line = [sys.executable, "-m", "celery", "-A", "workers.main", "worker", "--queues", names.QUEUE]
    line += [
        "--concurrency",
        str(concurrency),
        "--pool",
        pool,
        "--hostname",
        f"{name}@%h",
        "--loglevel",
        "INFO",
    ]
    line += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    if recycle:
        line += ["--max-tasks-per-child", "1"]
    return line


def configured() -> settings.Settings:
    """The settings of an agent worker, with their files read once. Raises `SettingsError`; nothing connects."""
    configuration = settings.load(*NEEDED)
    check_all(
        lambda: trust_of(configuration),
        lambda: _database_password(configuration),
        lambda: broker_login(configuration),
        HealthFile(configuration.health_file).begin,
    )
    return configuration


def _database_password(configuration: settings.Settings) -> None:
    if (file := configuration.database_password_file) is not None:
        read_secret(file, setting="DATABASE_PASSWORD_FILE")


def main() -> None:
    """Parse the command line, check the settings and become Celery."""
    parser = argparse.ArgumentParser(prog="python -m workers.launch", description=__doc__)
    parser.add_argument("--concurrency", type=int, default=4, help="runs at once")
    parser.add_argument("--pool", choices=("prefork", "threads"), default="prefork")
    parser.add_argument("--recycle", action="store_true", help="one process per run (prefork only)")
    parser.add_argument("--name", default="agent")
    wanted = parser.parse_args()
    if wanted.concurrency < 1:
        parser.error(f"--concurrency: {wanted.concurrency} is not a positive number")
    if wanted.recycle and wanted.pool != "prefork":
        parser.error("--recycle: only the prefork pool has processes to recycle")
    with starting():
        configured()
    if wanted.pool == "threads":
        os.environ["TRIAGE_RUNS_PER_PROCESS"] = str(wanted.concurrency)
    line = command(concurrency=wanted.concurrency, pool=wanted.pool, recycle=wanted.recycle, name=wanted.name)
    os.execv(line[0], line)  # noqa: S606  # becoming the worker is the point


if __name__ == "__main__":
    main()
