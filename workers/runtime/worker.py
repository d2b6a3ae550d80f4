"""The composition root of an agent worker, and its start. Connections are made after the fork."""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache, partial
from typing import Any
from uuid import UUID

from celery import Celery
from celery.signals import worker_init, worker_process_init

from app.connections.database import RECENTLY, connect
from app.connections.hardening import harden
from app.connections.settings import load
from app.connections.starting import starting
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.attempts import AttemptRecords
from app.credentials.heartbeat import own_name
from app.credentials.settings import AgentSettings, with_addresses
from workers.runtime import celery_app, logs
from workers.runtime.agent import Agent
from workers.runtime.consumer import check_servers
from workers.runtime.http_client import pool
from workers.runtime.job import Domain
from workers.runtime.lifecycle import configured
from workers.runtime.run_session import introduced
from workers.runtime.secret import Secret
from workers.runtime.tool_runner import ToolRunner
from workers.runtime.vault import Vault


def launch(module: str, domain: Domain) -> None:
    """Parse the command line, check the settings and become Celery with the application in `module`.

    One process tree and one set of signals remain.
    """
    parser = argparse.ArgumentParser(description="Starts an agent worker.")
    parser.add_argument("--concurrency", type=int, default=4, help="runs at once")
    parser.add_argument("--pool", choices=("prefork", "threads"), default="prefork")
    parser.add_argument("--recycle", action="store_true", help="one process per run (prefork only)")
    parser.add_argument("--name", default="agent")
    wanted = parser.parse_args()
    if wanted.concurrency < 1:
        parser.error(f"--concurrency: {wanted.concurrency} is not a positive number")
    if wanted.recycle and wanted.pool != "prefork":
        parser.error("--recycle: only the prefork pool has processes to recycle")
    logs.configure()
    with starting():
        configured(*settings_of(domain))
    if wanted.pool == "threads":
        os.environ["TRIAGE_RUNS_PER_PROCESS"] = str(wanted.concurrency)
    line = command(module, **vars(wanted))
    os.execv(line[0], line)  # noqa: S606  # becoming the worker is the point


def start(domain: Domain) -> Celery:
    """The Celery application of an agent worker.

    Wrong settings, and servers that this program cannot work with, end the process: one line each, exit status 2.
    """
    logs.configure()
    with starting():
        configuration = configured(*settings_of(domain))
        celery = celery_app.make(configuration)
        check_servers(configuration, celery)
    # Before the fork: whatever process of its pool carries a run out, a worker has one name.
    serve(celery, cache(partial(make_agent, domain, worker=own_name())))
    return celery


def serve(celery: Celery, agent: Callable[[], Agent[Any, Any]]) -> None:
    """Register the one task, an attempt of a run. `agent` is called in the process that carries it out."""

    @celery.task(name=celery_app.ATTEMPT)  # type: ignore[untyped-decorator]  # celery has no types
    def attempt(*, run_id: str, attempt: int, wrapping_token: str) -> None:
        agent().attempt(UUID(run_id), attempt, Secret(wrapping_token))


def make_agent(domain: Domain, *, worker: str | None = None) -> Agent[Any, Any]:
    """The agent of one process. Not fork-safe: make it after the fork.

    `worker` is the name under which it takes attempts; without one it is this process's.
    """
    configuration = load(*settings_of(domain))
    threads = int(os.environ.get("TRIAGE_RUNS_PER_PROCESS", "1")) * len(domain.tools)
    return Agent(
        job_type=domain.make_job_type(configuration),
        vault=Vault(configuration.need("vault_addr"), trust_of(configuration), pool_size=threads),
        records=AttemptRecords(
            connect(configuration, pool_size=min(threads, 16), trusted=RECENTLY),
            lease=timedelta(seconds=configuration.attempt_lease),
        ),
        tools=domain.tools,
        runner=ToolRunner(
            connections=pool(configuration, size=threads),
            settings=configuration,
            local_time=domain.local_time,
        ),
        threads=ThreadPoolExecutor(threads, thread_name_prefix="tool"),
        worker=worker or own_name(),
        longest_run=configuration.longest_run,
        longest_tool=max(configuration.deadline_of(tool.record) for tool in domain.tools.values()),
        introduce=partial(introduced, role_id=RunRoleId(configuration.file("run_role_id_file"))),
    )


def command(module: str, *, concurrency: int, pool: str, recycle: bool, name: str) -> list[str]:
    """The Celery command line for the application in `module`.

    With `recycle` each process serves one run and ends, memory and all.
    """
    line = [sys.executable, "-m", "celery", "-A", module, "worker", "--queues", celery_app.QUEUE]
    line += ["--concurrency", str(concurrency), "--pool", pool, "--hostname", f"{name}@%h"]
    line += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*line, "--max-tasks-per-child", "1"] if recycle else line


def settings_of(domain: Domain) -> tuple[type[AgentSettings], *tuple[str, ...]]:
    """The class of an agent worker's settings, and the names of those that must be set: every tool's address too."""
    records = [tool.record for tool in domain.tools.values()]
    addresses = (record.address_setting for record in records)
    needed: tuple[str, ...] = ("database_url", "redis_url", "vault_addr", "run_role_id_file", *addresses)
    return with_addresses(domain.settings, records), *needed


@worker_init.connect  # type: ignore[untyped-decorator]
@worker_process_init.connect  # type: ignore[untyped-decorator]
def _harden(**_: Any) -> None:
    harden()
