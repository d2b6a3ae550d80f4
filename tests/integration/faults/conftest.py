"""A system to be broken: two agent workers, short leases, and actions whose tools misbehave."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import psutil
import pytest

from app import usecases
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.credentials.progress import ENDED
from infra.local.options import TOOL_VARIABLES
from known_answers.scenarios.generator import generate

FAULTS = ("500", "401", "429", "garbage", "empty", "oversize", "redirect", "hang")
#: Seconds. A hanging tool is given up after two tries of two seconds each, which is when a test can break things.
ENVIRONMENT = {"ATTEMPT_LEASE": "10", "TOOL_TIMEOUT": "2", "MOCK_HANG_MS": "5000", "MAX_ATTEMPTS": "5"}
HANGING = 6


@dataclass(frozen=True, kw_only=True)
class Fragile:
    """A separate system, and the actions made for it by what is special about them."""

    system: Any
    hanging: Sequence[str]
    """Actions of which the contract file answers too late."""
    faulty: dict[tuple[str, str], tuple[str, str]]
    """By service and fault: the action, and the rule that finds something in another source."""
    plain: Sequence[str]

    @property
    def stack(self) -> Any:
        return self.system.stack

    def run(self, run_id: UUID) -> dict[str, Any]:
        (row,) = self.system.rows("SELECT * FROM run WHERE run_id = %s", run_id)
        return row

    def waits_because(self, run_id: UUID) -> str:
        """Why a requested run waits: its own reason, and the dispatcher's for all."""
        (row,) = self.system.rows(
            "SELECT concat_ws('; ', waiting_reason, problem) AS reason FROM run, heartbeat WHERE run_id = %s"
            " AND state = 'requested' AND process = 'dispatcher' UNION ALL SELECT NULL ORDER BY reason LIMIT 1",
            run_id,
        )
        return row["reason"] or ""

    def attempts(self, run_id: UUID) -> list[dict[str, Any]]:
        return self.system.rows("SELECT * FROM attempt WHERE run_id = %s ORDER BY number", run_id)

    def findings(self, run_id: UUID) -> list[dict[str, Any]]:
        return self.system.rows("SELECT * FROM flag WHERE run_id = %s ORDER BY rule, subject", run_id)

    def credentials(self, run_id: UUID, attempt: int | None = None) -> list[dict[str, Any]]:
        rows = self.system.rows("SELECT * FROM credential WHERE run_id = %s ORDER BY issued_at", run_id)
        return [row for row in rows if attempt in (None, row["attempt"])]

    def ended(self, run_ids: Sequence[UUID]) -> bool:
        return all(self.run(run_id)["state"] in ENDED for run_id in run_ids)

    def is_at_work(self, run_id: UUID) -> bool:
        """Whether an attempt holds all five credentials and has not ended."""
        return any(
            row["state"] == "running" and len(self.credentials(run_id, row["number"])) == 5
            for row in self.attempts(run_id)
        )

    def is_alive(self, accessor: str) -> bool:
        """Whether the vault still knows the token of this accessor."""
        answer = self.system.ask_vault("POST", "auth/token/lookup-accessor", {"accessor": accessor})
        assert answer.status_code in (200, 400, 403, 404), answer.text
        return answer.status_code == 200

    def alive(self, run_ids: Sequence[UUID]) -> list[str]:
        """What the vault still knows of all that these runs were given."""
        query = "SELECT token_accessor FROM attempt WHERE run_id = ANY(%s)"
        accessors = [row["token_accessor"] for row in self.system.rows(query, list(run_ids))]
        query = "SELECT accessor, lease_id FROM credential WHERE run_id = ANY(%s)"
        issued = self.system.rows(query, list(run_ids))
        accessors += [row["accessor"] for row in issued]
        settings = self.system.settings("cli")
        with Auditor(
            settings.need("vault_addr"), settings.file("vault_identity_file"), trust_of(settings)
        ) as auditor:
            return auditor.alive(
                accessors=filter(None, accessors),
                leases=filter(None, [row["lease_id"] for row in issued]),
            )

    def calls_seen(self, action_id: str) -> Counter[str]:
        """How many requests about this action each HTTP tool has answered or refused."""
        (action,) = self.system.rows("SELECT piid, vendors FROM action WHERE action_id = %s", action_id)
        keys = {action["piid"], *(vendor["uei"] for vendor in action["vendors"])}
        return Counter(
            log.stem
            for log in self.stack.layout.access.iterdir()
            for line in log.read_text().splitlines()
            if any(key in line for key in keys)
        )

    def at_work(self, run_ids: Sequence[UUID]) -> dict[str, list[UUID]]:
        """The runs being worked on, by the name of the agent worker that has them; dead ones have none."""
        open_attempts = "SELECT * FROM attempt WHERE state = 'running' AND run_id = ANY(%s)"
        found: dict[str, list[UUID]] = {}
        for row in self.system.rows(open_attempts, run_ids):
            if name := self.worker_of(row):
                found.setdefault(name, []).append(row["run_id"])
        return found

    def worker_of(self, attempt: dict[str, Any]) -> str | None:
        """The name of the agent worker that has this attempt; none when that is dead."""
        pid = int(attempt["worker"].rpartition(":")[2])
        try:
            family = {pid, *(parent.pid for parent in psutil.Process(pid).parents())}
        except psutil.NoSuchProcess:
            return None
        return next((name for name, its in self.stack.processes.items() if its in family), None)

    def signal_all_of(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """A signal for a process and all it has started."""
        os.killpg(self.stack.processes[name], number)

    def let_time_pass(self, run_id: UUID) -> None:
        """The lease of the open attempt runs out, and so does the pause before the next one."""
        self.system.execute(
            "UPDATE attempt SET lease_until = now() WHERE run_id = %s AND state IN ('dispatched', 'running')",
            run_id,
        )
        self.system.execute("UPDATE run SET not_before = NULL WHERE run_id = %s", run_id)


@pytest.fixture(scope="package")
def fragile_system(start_system, tmp_path_factory) -> Iterator[Fragile]:
    numbers = count(500_001)
    hanging = [_case(next(numbers), None, {"documents": "hang"}) for _ in range(HANGING)]
    plain = [_case(next(numbers), None, {}) for _ in range(12)]
    faulty = {
        (service, fault): _case(next(numbers), "F01" if service == "sam-gov" else "R01", {service: fault})
        for service in TOOL_VARIABLES
        for fault in FAULTS
    }
    folder = tmp_path_factory.mktemp("fragile")
    with start_system(folder, workers=1, concurrency=2, environment=ENVIRONMENT) as system:
        cases = [*hanging, *plain, *faulty.values()]
        _serve(system.stack, cases)
        # The second worker has a process for each run, the first one a thread.
        threads = system.stack.services.worker(2)
        argv = tuple("prefork" if part == "threads" else part for part in threads.argv)
        system.stack.process_table.start(
            replace(threads, argv=argv), lambda child: "ready." in child.log_since_start()
        )
        usecases.submit(system.sessions, json.dumps([case["action"] for case in cases]))
        yield Fragile(
            system=system,
            hanging=[case["action"]["action_id"] for case in hanging],
            plain=[case["action"]["action_id"] for case in plain],
            faulty={
                key: (case["action"]["action_id"], case["expected"][0]["rule"])
                for key, case in faulty.items()
            },
        )


@pytest.fixture
def fragile(fragile_system, until) -> Iterator[Fragile]:
    """The system to be broken, whole again after each test."""
    yield fragile_system
    system = fragile_system.system
    for stack in (system.vault, system.stack):
        for child in stack.process_table.children.values():
            if child.exit_status() is None:
                os.killpg(child.pid, signal.SIGCONT)
    if system.ask_vault("GET", "sys/seal-status").json()["sealed"]:
        unseal(system)
    for child in system.stack.process_table.ended():
        system.stack.restart(child.command.name)
    waiting = "SELECT 1 FROM run WHERE state NOT IN ('completed', 'failed')"
    until(lambda: not system.rows(waiting), seconds=60, what="the end of what a test has left")


@pytest.fixture
def seal(fragile) -> Callable[[], None]:
    """Seals the vault."""

    def now() -> None:
        assert fragile.system.ask_vault("PUT", "sys/seal").status_code == 204

    return now


@pytest.fixture
def unsealed(fragile) -> Callable[[], None]:
    """Unseals the vault."""
    return lambda: unseal(fragile.system)


def unseal(system: Any) -> None:
    (key,) = json.loads(system.vault.secrets.read("operator", "vault-recovery-keys.json"))["keys"]
    assert not system.ask_vault("PUT", "sys/unseal", {"key": key}, token="").json()["sealed"]


def _case(number: int, rule: str | None, faults: dict[str, str]) -> dict[str, Any]:
    """A generated action of which only `rule` finds something, with services that misbehave."""
    wanted = [rule] if rule else []
    for seed in count():
        made = generate(number, Random(seed))
        if [each["rule"] for each in made["expected"]] == wanted and "faults" not in made:
            return made | {"faults": faults}
    raise AssertionError


def _serve(stack: Any, cases: Sequence[dict[str, Any]]) -> None:
    folder = stack.layout.scenarios / "cases"
    for number, case in enumerate(cases):
        (folder / f"special-{number:03d}.json").write_text(json.dumps(case), encoding="utf-8")
    with ThreadPoolExecutor() as threads:
        done = [threads.submit(stack.restart, tool) for tool in TOOL_VARIABLES]
        stack.startup.provisioning.ledger()
        for each in done:
            each.result()
