"""Rounds of runs through the whole pipeline, with the pattern or with static keys."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID, uuid4

from app import usecases
from app.connections.database import Sessions
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.progress import Progress
from app.settings import Settings
from benchmarks.aftermath import rows
from benchmarks.cpu import look
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
_WATCHERS = ("sweeper", "reconciler")
#: Seconds for all runs to end, or all ends to be confirmed, and between two questions that must cost little.
_PATIENCE, _SELDOM = 600.0, 0.3
_TOOK = "SELECT extract(epoch FROM max(finished_at) - min(requested_at))::float AS seconds FROM run WHERE run_id = ANY (%s)"
_ALIVE = "SELECT FROM heartbeat WHERE process = ANY (%s) AND seen_at > %s"


@dataclass(frozen=True, slots=True)
class Round:
    """One measured round: runs per second, and CPU milliseconds per run by part."""

    mode: str
    runs_per_second: float
    cpu_ms: dict[str, float]


def measure(
    stack: LocalStack, sessions: Sessions, actions: Sequence[str], *, mode: str, runs: int, concurrency: int
) -> Round:
    """Start the processes of this mode, warm them up, and measure `runs` runs until every end is confirmed.

    Runs per second are counted up to the last completion. Static keys do not end: with them there is no sweeper to
    confirm an end, and no reconciler.
    """
    with processes(stack, mode=mode, concurrency=concurrency), _watched(stack, mode=mode):
        _settled(sessions, actions, runs=4 * concurrency, mode=mode)
        before = look(stack)
        run_ids = _settled(sessions, actions, runs=runs, mode=mode)
        spent = before.until(look(stack))
    (took,) = rows(stack, _TOOK, run_ids)
    return Round(
        mode, runs / took["seconds"], {name: 1000 * seconds / runs for name, seconds in spent.items()}
    )


def _settled(sessions: Sessions, actions: Sequence[str], *, runs: int, mode: str) -> list[UUID]:
    run_ids = carry_out(sessions, list(islice(cycle(actions), runs)), poll=_SELDOM)
    if mode == PATTERN:
        wait_for_ends(sessions, run_ids)
    return run_ids


def carry_out(sessions: Sessions, actions: Sequence[str], *, poll: float = 0.1) -> list[UUID]:
    """Request a run of each action and wait until all have completed; their ids. Raises RuntimeError, and TimeoutError.

    `poll` is in seconds: each question costs the database a little.
    """
    run_ids = usecases.request_runs(sessions, actions, requested_by="benchmark")
    wait_for_runs(sessions, run_ids, poll=poll)
    return run_ids


def wait_for_runs(sessions: Sessions, run_ids: Sequence[UUID], *, poll: float = 0.1) -> None:
    """Wait until all of these have completed. Raises RuntimeError, and TimeoutError."""
    questions = Progress(sessions)
    deadline = time.monotonic() + _PATIENCE
    while questions.ended(run_ids) < len(run_ids):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(run_ids)} runs did not end: {dict(questions.states(run_ids))}")
        time.sleep(poll)
    if (done := questions.states(run_ids)["completed"]) != len(run_ids):
        raise RuntimeError(f"only {done} of {len(run_ids)} runs completed")


def wait_for_ends(sessions: Sessions, run_ids: Sequence[UUID]) -> None:
    """Wait until the end of every credential of these ended runs is confirmed. Raises TimeoutError."""
    questions = Progress(sessions)
    deadline = time.monotonic() + _PATIENCE
    while left := questions.unconfirmed(run_ids):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the ends of {len(left)} attempts were not confirmed: {left[0].problem}")
        time.sleep(_SELDOM)


@contextmanager
def watching(stack: LocalStack) -> Iterator[None]:
    """Sweeper and reconciler, from their first signs of life on."""
    since = rows(stack, "SELECT clock_timestamp() AS at")[0]["at"]
    for name in _WATCHERS:
        stack.process_table.start(stack.services.background(name), lambda _: True)
    try:
        deadline = time.monotonic() + _PATIENCE
        while len(rows(stack, _ALIVE, list(_WATCHERS), since)) < len(_WATCHERS):
            stack.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{' and '.join(_WATCHERS)} gave no sign of life")
            time.sleep(0.1)
        yield
    finally:
        for name in _WATCHERS:
            stack.process_table.stop(name)


def _watched(stack: LocalStack, *, mode: str) -> AbstractContextManager[None]:
    return watching(stack) if mode == PATTERN else nullcontext()


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
