"""Where tools saw the credentials of attempts, against where the vault saw their logins. Pure.

A tool on the vault's network sees a worker under the same address. On another it sees another one, always the same for
each worker: what most attempts of one address of a worker show is the worker's own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SeenPlace:
    """That a tool saw a credential of an attempt from `place`. `home`: where that attempt logged in, by the vault's log."""

    system: str
    run_id: UUID
    attempt: int
    home: str
    place: str


class Origin(Enum):
    """What is known of the address that a tool saw a credential from."""

    WORKER = auto()
    ELSEWHERE = auto()
    #: Too few attempts say whether it is the worker's.
    UNKNOWN = auto()


class Places:
    """What the places of many attempts say of each."""

    def __init__(self, seen: Iterable[SeenPlace]) -> None:
        each = frozenset(seen)
        homes = {one.home for one in each}
        self._near = {one.system for one in each if one.place in homes}
        self._counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for one in each:
            self._counts[one.system, one.home][one.place] += 1

    def origin(self, system: str, home: str | None, place: str) -> Origin:
        """Whether a worker that logged in from `home` is seen from `place` at this tool."""
        if place == home:
            return Origin.WORKER
        if home is None or system in self._near:
            return Origin.ELSEWHERE
        # Workers may exchange their addresses on one network and keep them on the other.
        if place in {self._usual(*worker) for worker in self._counts if worker[0] == system}:
            return Origin.WORKER
        return Origin.UNKNOWN if self._usual(system, home) is None else Origin.ELSEWHERE

    def _usual(self, system: str, home: str) -> str | None:
        """The place of most attempts of a worker; None if there is no such place, or only one attempt shows it."""
        ranked = self._counts[system, home].most_common(2) if (system, home) in self._counts else []
        if not ranked or ranked[0][1] == 1 or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return None
        return ranked[0][0]
