"""Only the vault operations of a run: mint, unwrap, log in, five issues, revoke."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.settings import Settings
from infra.local.stack import LocalStack
from infra.vault import run_role
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import introduced
from workers.runtime.vault import Vault
from workers.tools import registry

PROCESSES, THREADS = 2, 4


def measure(stack: LocalStack, *, runs: int) -> float:
    """How many times per second the vault can do all operations of a run."""
    share = runs // PROCESSES
    address, identity = stack.endpoints["vault"], stack.secrets.path("dispatcher", "vault-identity.json")
    half = stack.secrets.path(run_role.OWNER, run_role.FILE)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(_operations, *_arguments(address, identity, half, THREADS)))  # imports and connections
        started = time.perf_counter()
        list(pool.map(_operations, *_arguments(address, identity, half, share)))
        return share * PROCESSES / (time.perf_counter() - started)


def _arguments(address: str, identity: Path, half: Path, runs: int) -> Iterator[list[object]]:
    yield from ([value] * PROCESSES for value in (address, identity, half, runs))


def _operations(address: str, identity: Path, half: Path, runs: int) -> None:
    vault = Vault(address, trust_of(Settings()), pool_size=THREADS)
    dispatcher = ProcessIdentity(vault, identity)
    role_id, tools = RunRoleId(half), registry()

    def one(_: int) -> None:
        run_id = uuid4()
        minted = dispatcher.mint(
            run_id=run_id, attempt=1, job_id="none", requested_by="benchmark", wrapping_ttl=60
        )
        token = minted.wrapping_token
        with introduced(vault, token, role_id=role_id, run_id=run_id, attempt=1) as session:
            for tool in tools.values():
                session.issue(tool.name, tool.grant)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(one, range(runs)))
