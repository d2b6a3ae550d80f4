"""Limits how many refusals are recorded one by one. The others are counted, per address and minute."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from threading import Lock

#: Seconds of a window.
WINDOW = 60.0
#: Refusals of a window that are recorded one by one: of one address, and of all.
EACH, TOTAL = 10, 300
#: Addresses of a window that are counted apart. The others are counted together.
ADDRESSES = 100


@dataclass(frozen=True, slots=True)
class CountedRefusals:
    """How many refusals of an address were not recorded one by one; `address` is None for several addresses together."""

    address: str | None
    times: int


class RefusalLimit:
    """Counts refusals. `seconds` is the current time of any clock that does not go back. Safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = -1
        self._total = 0
        self._seen: Counter[str] = Counter()
        self._counted: Counter[str | None] = Counter()
        self._due: list[CountedRefusals] = []

    def admits(self, address: str | None, seconds: float) -> bool:
        """Whether a refusal is to be recorded by itself. If not, it is counted."""
        source = _source(address)
        with self._lock:
            self._turn(seconds)
            known = self._seen[source] if source in self._seen or len(self._seen) < ADDRESSES * 10 else EACH
            if known < EACH and self._total < TOTAL:
                self._seen[source] += 1
                self._total += 1
                return True
            self._count(source)
            return False

    def count(self, address: str | None, seconds: float) -> None:
        """Count a refusal that cannot be recorded by itself."""
        with self._lock:
            self._turn(seconds)
            self._count(_source(address))

    def due(self, seconds: float) -> list[CountedRefusals]:
        """What was counted in windows that are over, once."""
        with self._lock:
            self._turn(seconds)
            due, self._due = self._due, []
            return due

    def rest(self) -> list[CountedRefusals]:
        """Whatever was counted and is not due yet, once."""
        with self._lock:
            self._close()
            due, self._due = self._due, []
            return due

    def _count(self, source: str) -> None:
        apart = source in self._counted or len(self._counted) < ADDRESSES
        self._counted[source if apart else None] += 1

    def _turn(self, seconds: float) -> None:
        window = int(seconds // WINDOW)
        if window != self._window:
            self._close()
            self._window = window

    def _close(self) -> None:
        self._due = list(_merged([*self._due, *(CountedRefusals(*each) for each in self._counted.items())]))
        self._seen.clear()
        self._counted.clear()
        self._total = 0


def _source(address: str | None) -> str:
    """The address, or its network where one subscriber has all of it (IPv6, 64 bits)."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return f"{IPv6Address(int(known) >> 64 << 64)}/64"
    return str(known)


def _merged(counted: list[CountedRefusals]) -> Iterator[CountedRefusals]:
    """At most `ADDRESSES` counts, and one more for all others."""
    totals: Counter[str | None] = Counter()
    for each in counted:
        totals[each.address] += each.times
    others = totals.pop(None, 0)
    largest = totals.most_common(ADDRESSES)
    others += sum(totals.values()) - sum(times for _, times in largest)
    yield from (CountedRefusals(address, times) for address, times in largest)
    if others:
        yield CountedRefusals(None, others)
