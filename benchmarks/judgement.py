"""Whether a measurement can be trusted: what else the machine did meanwhile, and how far the rounds lie apart."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import NamedTuple

import psutil

from benchmarks.cpu import own_seconds

#: Share of all processor time that processes outside the benchmark may use, and that a hypervisor may take away.
OTHERS, STEAL = 0.05, 0.02
#: Processes that wished to run in the minute before, per core.
LOAD = 0.5
#: Of several rounds, the highest less the lowest, as a share of the median.
SPREAD = 0.25
#: The process that all threads of the kernel descend from.
_KERNEL = 2
#: Seconds of the look at the machine before the benchmark begins.
_BEFORE = 3.0


class Counters(NamedTuple):
    """What the kernel and the processes have counted so far, in seconds."""

    at: float
    busy: float
    """All cores, whatever ran on them."""
    steal: float
    own: float
    """The benchmark and everything it has started."""
    kernel: float
    """Threads of the kernel, for all processes alike: writing for a vault on raft is one of their tasks."""


@dataclass(frozen=True, slots=True)
class Window:
    """The use of the machine during one part of the benchmark."""

    name: str
    seconds: float
    others: float
    """Share of all processor time that processes outside the benchmark used."""
    steal: float
    """Share of all processor time that the hypervisor gave to other machines."""

    @classmethod
    def between(cls, name: str, before: Counters, after: Counters, *, cores: int) -> "Window":
        """The window between two counts."""
        seconds = after.at - before.at
        capacity = cores * seconds
        others = (after.busy - before.busy) - (after.own - before.own) - (after.kernel - before.kernel)
        steal = (after.steal - before.steal) / capacity
        return cls(name, round(seconds, 2), round(max(0.0, others / capacity), 4), round(steal, 4))


class Watch:
    """Keeps the use of the machine in each part of a benchmark."""

    def __init__(self) -> None:
        self.load = os.getloadavg()[0] / _cores()
        """Processes that wished to run in the minute before the benchmark, per core."""
        self.windows: list[Window] = []
        with self.part("before the benchmark"):
            time.sleep(_BEFORE)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Watch the machine meanwhile."""
        before = _count()
        yield
        self.windows.append(Window.between(name, before, _count(), cores=_cores()))

    def figures(self) -> dict[str, object]:
        """For the report."""
        return {
            "load_before_per_core": round(self.load, 2),
            "windows": [asdict(window) for window in self.windows],
        }


def disturbances(
    *, load: float, windows: Sequence[Window], series: Mapping[str, Sequence[float]]
) -> list[str]:
    """Why ratios of this measurement cannot be trusted, a sentence each with its figure; empty if they can.

    `load` is per core; `series` are figures that each round should have found alike, by name.
    """
    found = []
    if load > LOAD:
        found.append(f"load before the benchmark: {load:.2f} per core (limit {LOAD})")
    found += _above("other processes used", OTHERS, {window.name: window.others for window in windows})
    found += _above("the hypervisor took", STEAL, {window.name: window.steal for window in windows})
    if any(len(values) < 2 for values in series.values()):
        return [*found, "a single round shows no spread"]
    spreads = {name: spread_of(values) for name, values in series.items()}
    found += [
        f"{name}: the rounds lie {spread:.0%} apart (limit {SPREAD:.0%})"
        for name, spread in spreads.items()
        if spread > SPREAD
    ]
    return found


def _above(what: str, limit: float, shares: Mapping[str, float]) -> list[str]:
    """The part with the highest share of the processor time above the limit, and how many more were above it."""
    above = {name: share for name, share in shares.items() if share > limit}
    if not above:
        return []
    worst = max(above, key=above.__getitem__)
    others = f"; {len(above) - 1} more above it" if len(above) > 1 else ""
    return [f"{worst}: {what} {above[worst]:.1%} of the processor time (limit {limit:.0%}){others}"]


def spread_of(values: Sequence[float]) -> float:
    """The highest less the lowest, as a share of the median."""
    return (max(values) - min(values)) / median(values)


def _count() -> Counters:
    times = psutil.cpu_times()
    busy = times.user + times.nice + times.system + times.irq + times.softirq
    return Counters(time.monotonic(), busy, times.steal, own_seconds(), _kernel_seconds())


def _kernel_seconds() -> float:
    """0 where the kernel's threads cannot be seen, as in a container: they then count as other processes."""
    try:
        parent = psutil.Process(_KERNEL)
        threads = parent.children() if parent.name() == "kthreadd" else []
        return sum(sum(each.cpu_times()[:2]) for each in threads)
    except psutil.NoSuchProcess:  # a thread has ended meanwhile
        return _kernel_seconds() if psutil.pid_exists(_KERNEL) else 0.0


def _cores() -> int:
    return psutil.cpu_count() or 1
