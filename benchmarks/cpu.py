"""The processor time of each part of a stack, that of processes which have ended meanwhile included.

A process counts its own time and that of its ended children, which the kernel adds up in their parent. So nothing is
lost when a session of PostgreSQL ends between two looks, and nothing counts twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import psutil

from infra.local.environments import DATABASE_ROLES, TOOLS
from infra.local.stack import LocalStack
from infra.provision.logins import VAULT_ADMIN

POSTGRES = "PostgreSQL: "
#: What PostgreSQL did for a process of the stack, by its login.
_LOGINS = {login: process for process, login in DATABASE_ROLES.items()} | {VAULT_ADMIN: "vault"}
#: The server's main process, and those that have ended: mostly the sessions of runs at the ledger, one process each.
SHORT = f"{POSTGRES}forks and ended sessions"
HOUSEKEEPING = f"{POSTGRES}housekeeping"
#: The parts of the product, in the order of the report.
PRODUCT = (
    "worker",
    "dispatcher",
    "sweeper",
    "vault",
    f"{POSTGRES}worker",
    f"{POSTGRES}dispatcher",
    f"{POSTGRES}sweeper",
    f"{POSTGRES}vault",
    SHORT,
    HOUSEKEEPING,
    "broker",
)
RECONCILER = ("reconciler", f"{POSTGRES}reconciler")
#: What requests runs and asks how far they are; in production, people and their programs do.
QUESTIONS = f"{POSTGRES}requests and questions of this benchmark"
WEB, MOCKS, OTHER = "web", "emulated systems", "other"
APART = (*RECONCILER, MOCKS, QUESTIONS, WEB, OTHER)
_CLIENT = re.compile(r"postgres: (?P<user>\S+) \S+ \S+\(\d+\)")
#: Looks at processes of which one ends meanwhile.
_TRIES = 20


class Process(NamedTuple):
    """One process: its part, the part of its parent, where its time is once it has ended, and seconds so far."""

    part: str
    heir: str
    seconds: float


class _Read(NamedTuple):
    pid: int
    title: str
    seconds: float

    @classmethod
    def of(cls, process: psutil.Process) -> "_Read":
        user, system, children_user, children_system = process.cpu_times()[:4]
        title = " ".join(process.cmdline())
        return cls(process.pid, title, user + system + children_user + children_system)


@dataclass(frozen=True, slots=True)
class Look:
    """Every process of a stack at one moment, by its number and its start."""

    processes: Mapping[tuple[int, float], Process]

    def until(self, later: "Look") -> dict[str, float]:
        """Seconds from here to a later look, by part."""
        spent = dict.fromkeys((*PRODUCT, *APART), 0.0)
        for key, (part, _, seconds) in later.processes.items():
            before = self.processes.get(key)
            spent[part] += seconds - (before.seconds if before else 0.0)
        for key, (_, heir, seconds) in self.processes.items():
            if key not in later.processes:
                # Its parent has all of its time by now, this share of before the first look too.
                spent[heir] -= seconds
        return spent


def look(stack: LocalStack) -> Look:
    """Look at every process of the stack."""
    return Look({key: each for name, pid in stack.processes.items() for key, each in _family(name, pid)})


def own_seconds() -> float:
    """Of this process and all that descend from it: every stack, and what it measures with."""
    return sum(each.seconds for each in _steady(psutil.Process()).values())


def _family(name: str, pid: int) -> list[tuple[tuple[int, float], Process]]:
    main = psutil.Process(pid)
    part = part_of(name)
    found = []
    for key, process in _steady(main).items():
        own = of_postgres(process.title) if name == "postgres" and process.pid != pid else part
        found.append((key, Process(own, part, process.seconds)))
    return found


def _steady(main: psutil.Process) -> dict[tuple[int, float], _Read]:
    """The process and its descendants, read while none of them began or ended, if that is possible."""
    read: dict[tuple[int, float], _Read] = {}
    for _ in range(_TRIES):
        read = {}
        try:
            for each in (main, *main.children(recursive=True)):
                read[each.pid, each.create_time()] = _Read.of(each)
        except psutil.NoSuchProcess:
            continue
        if {main.pid, *(each.pid for each in main.children(recursive=True))} == {pid for pid, _ in read}:
            break
    return read


def part_of(name: str) -> str:
    """The part that a process of the stack belongs to, by its name."""
    if name in TOOLS:
        return MOCKS
    known = {"postgres": SHORT, "valkey": "broker"}.get(name, name.partition("-")[0])
    return known if known in (*PRODUCT, *APART) else OTHER


def of_postgres(title: str) -> str:
    """What a process of PostgreSQL works for, by the title that it gives itself."""
    client = _CLIENT.match(title)
    if client is None:
        return HOUSEKEEPING
    owner = _LOGINS.get(client["user"])
    if owner == "web" or client["user"] == "postgres":
        return QUESTIONS
    return SHORT if owner is None else f"{POSTGRES}{owner}"
