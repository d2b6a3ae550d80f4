"""Rounds of runs through the whole pipeline, with the pattern or with static keys."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import psutil

from app import usecases
from app.connections.database import Sessions
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.progress import Progress
from app.settings import Settings
from benchmarks.handover import HANDOVER
from benchmarks.static_keys import KEYS, write_keys
from infra.local.process import Command
from infra.local.stack import LocalStack
from infra.vault import run_role
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import introduced
from workers.runtime.vault import Vault
from workers.runtime.worker import command as worker_command

PATTERN, STATIC = "pattern", "static keys"
#: The file with the static keys, in the state folder of the stack, while processes of that mode run.
KEY_FILE = "benchmark-keys"


@dataclass(frozen=True, slots=True)
class Round:
    """One measured round: runs per second, and CPU milliseconds per run by part."""

    mode: str
    runs_per_second: float
    cpu_ms: dict[str, float]


def measure(
    stack: LocalStack, sessions: Sessions, actions: Sequence[str], *, mode: str, runs: int, concurrency: int
) -> Round:
    """Start the dispatcher and worker of this mode, warm them up, and time `runs` runs."""
    wanted = [actions[number % len(actions)] for number in range(runs)]
    with processes(stack, mode=mode, concurrency=concurrency):
        carry_out(sessions, wanted[: 4 * concurrency])
        before = _cpu(stack)
        started = time.perf_counter()
        carry_out(sessions, wanted)
        wall = time.perf_counter() - started
        after = _cpu(stack)
    spent = {name: round(1000 * (after[name] - before[name]) / runs, 1) for name in after}
    return Round(mode, runs / wall, spent)


def carry_out(sessions: Sessions, actions: Sequence[str]) -> list[UUID]:
    """Request a run of each action and wait until all have completed; their ids. Raises RuntimeError, and TimeoutError."""
    run_ids = usecases.request_runs(sessions, actions, requested_by="benchmark")
    questions = Progress(sessions)
    deadline = time.monotonic() + 600
    while questions.ended(run_ids) < len(run_ids):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(run_ids)} runs did not end: {dict(questions.states(run_ids))}")
        time.sleep(0.1)
    if (done := questions.states(run_ids)["completed"]) != len(run_ids):
        raise RuntimeError(f"only {done} of {len(run_ids)} runs completed")
    return run_ids


@contextmanager
def processes(
    stack: LocalStack, *, mode: str, concurrency: int, handover: Path | None = None
) -> Iterator[None]:
    """Dispatcher and worker of this mode. With `handover`, a worker that hands its credentials over there."""
    with _commands(stack, mode=mode, concurrency=concurrency, handover=handover) as (dispatcher, worker):
        stack.process_table.start(dispatcher, lambda _: True)
        stack.process_table.start(worker, lambda child: "ready." in child.log_since_start())
        try:
            yield
        finally:
            for command in (worker, dispatcher):
                stack.process_table.stop(command.name)


@contextmanager
def _commands(
    stack: LocalStack, *, mode: str, concurrency: int, handover: Path | None
) -> Iterator[tuple[Command, Command]]:
    dispatcher = stack.services.background("dispatcher")
    line = worker_command(
        "workers.main", concurrency=concurrency, pool="prefork", recycle=False, name="worker-1"
    )
    worker = replace(stack.services.worker(1), argv=tuple(line))
    if mode == PATTERN:
        yield dispatcher, worker if handover is None else _robbed(worker, handover)
        return
    keys = stack.layout.home / KEY_FILE
    static = tuple(part.replace("workers.main", "benchmarks.static_worker") for part in line)
    with _one_identity_for_the_round(stack, keys):
        yield (
            replace(dispatcher, argv=(sys.executable, "-m", "benchmarks.static_dispatcher")),
            replace(worker, argv=static, environment={**worker.environment, KEYS: str(keys)}),
        )


def _robbed(worker: Command, handover: Path) -> Command:
    line = tuple(part.replace("workers.main", "benchmarks.robbed_worker") for part in worker.argv)
    return replace(worker, argv=line, environment={**worker.environment, HANDOVER: str(handover)})


@contextmanager
def _one_identity_for_the_round(stack: LocalStack, keys: Path) -> Iterator[None]:
    vault = Vault(stack.endpoints["vault"], trust_of(Settings()), pool_size=2)
    run_id: UUID = uuid4()
    mints = ProcessIdentity(vault, stack.secrets.path("dispatcher", "vault-identity.json"))
    minted = mints.mint(run_id=run_id, attempt=1, job_id="round", requested_by="benchmark", wrapping_ttl=60)
    role_id = RunRoleId(stack.secrets.path(run_role.OWNER, run_role.FILE))
    with introduced(vault, minted.wrapping_token, role_id=role_id, run_id=run_id, attempt=1) as session:
        write_keys(keys, session)
        yield
    keys.unlink()


def _cpu(stack: LocalStack) -> dict[str, float]:
    spent = {}
    for name, pid in stack.processes.items():
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        spent[name] = sum(sum(each.cpu_times()[:4]) for each in family)
    return spent
