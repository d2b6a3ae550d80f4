"""Starts an agent worker: replaces this process by Celery, so that one process tree and one set of signals remain."""

import argparse
import os
import sys

from app.connections.starting import starting
from workers.runtime.celery_app import QUEUE
from workers.runtime.job import Domain
from workers.runtime.worker import configured


def command(module: str, *, concurrency: int, pool: str, recycle: bool, name: str) -> list[str]:
    """The Celery command line for the application in `module`.

    With `recycle` each process serves one run and ends, memory and all.
    """
    line = [sys.executable, "-m", "celery", "-A", module, "worker", "--queues", QUEUE]
    line += ["--concurrency", str(concurrency), "--pool", pool, "--hostname", f"{name}@%h"]
    line += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*line, "--max-tasks-per-child", "1"] if recycle else line


def launch(module: str, domain: Domain) -> None:
    """Parse the command line, check the settings and become the Celery worker of `module`."""
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
        configured(domain)
    if wanted.pool == "threads":
        os.environ["TRIAGE_RUNS_PER_PROCESS"] = str(wanted.concurrency)
    line = command(module, **vars(wanted))
    os.execv(line[0], line)  # noqa: S606  # becoming the worker is the point
