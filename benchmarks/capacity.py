"""`python -m benchmarks.capacity > docs/capacity.md`: what so many runs a day need, by the newest report of a run's cost.

A model of processor time: what one run spends in each part, times the runs of the busiest second. It knows nothing of
disks, networks and other services, and says so.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.cost_figures import newest
from benchmarks.cpu import POSTGRES, QUESTIONS

#: Runs a day: as designed, a hundred times as many, and ten thousand times as many.
DAYS = (400, 40_000, 4_000_000)
#: The share of a day's runs in its busiest hour, and how busy a processor may be: beyond, waiting grows quickly.
BUSIEST_HOUR, BUSY = 0.2, 0.6
STORAGE = "raft"
#: Bytes and requests of a run, measured 2026-11-30 with 300 runs of the demo's actions.
VAULT_LOG, DATABASE, WRITE_AHEAD, REQUESTS = 50_900, 52_300, 114_000, 16.2
_SECONDS = 3_600
#: Fewer cores are not told apart.
_LEAST = 0.01


class Part(NamedTuple):
    """A part of the system: milliseconds that a run spends in it, and how it grows."""

    name: str
    milliseconds: float
    grows: str
    #: Cores that one of them can use; None for a part of which there may be any number.
    most_cores: float | None

    def cores(self, runs_a_day: int) -> float:
        """Cores in the busiest second."""
        return self.milliseconds / 1_000 * busiest(runs_a_day) / BUSY

    @property
    def runs_a_day(self) -> int | None:
        """How many runs a day it can do; None for any number."""
        if self.most_cores is None:
            return None
        return int(self.most_cores * BUSY * 1_000 / self.milliseconds * _SECONDS / BUSIEST_HOUR)


def busiest(runs_a_day: int) -> float:
    """Runs per second in the busiest hour."""
    return runs_a_day * BUSIEST_HOUR / _SECONDS


def parts(figures: Mapping[str, Any]) -> list[Part]:
    """The parts with what a run spends in each, by a report."""
    spent = figures["storages"][STORAGE]["cpu_ms_per_run"]["pattern"]
    product, apart = spent["product"], spent["apart"]
    database = sum(
        ms for name, ms in {**product, **apart}.items() if name.startswith(POSTGRES) and name != QUESTIONS
    )
    return [
        Part("workers", product["worker"], "any number", None),
        Part("dispatcher", product["dispatcher"], "any number, each mints by itself", None),
        Part(
            "sweeper",
            product["sweeper"],
            "one at a time reads the vault's log; a second confirms ends too",
            1.0,
        ),
        Part("reconciler", apart["reconciler"], "one at a time reads the logs; each compares all", 1.0),
        Part("vault", product["vault"], "one active node writes; 16 cores are assumed", 16.0),
        Part("PostgreSQL", database, "one primary writes; 32 cores are assumed", 32.0),
        Part("broker", product["broker"], "one thread", 1.0),
    ]


def document(figures: Mapping[str, Any]) -> str:
    """The page."""
    return "\n".join(_lines(figures, parts(figures)))


def _lines(figures: Mapping[str, Any], known: list[Part]) -> Iterator[str]:
    yield "# Capacity"
    yield ""
    yield "What 400, 40,000 and 4,000,000 runs a day need, by the cost of a run with the vault on raft, measured"
    yield (
        f"{figures['measured_at'][:10]} at commit {figures['commit']}. `python -m benchmarks.capacity` writes this page."
    )
    yield ""
    yield f"The model: a fifth of the day's runs come in its busiest hour, and a processor is busy for {BUSY:.0%} of that hour, so that"
    yield "nothing waits long. Each run spends in each part what was measured on 2 cores. Disks, networks, and the limits of the"
    yield "other systems are not in it."
    yield ""
    yield "That a run costs the same however many processes there are was measured 2026-11-30 with 120 runs each, PostgreSQL and"
    yield "confirmed ends included, in CPU milliseconds: with one worker and 1, 2, 4 and 8 runs at a time 106, 95, 111 and 117; with two"
    yield "workers of 4 and four of 2, 122 and 97. The machine itself varies by as much. Two dispatchers, sweepers, reconcilers, switch"
    yield "and web processes at once are [tested](../tests/integration/test_several_at_once.py) for doing nothing twice."
    yield ""
    yield f"| cores in the busiest hour | CPU ms a run | {' | '.join(f'{day:,} runs a day' for day in DAYS)} | grows by |"
    yield "|---|---|---|---|---|---|"
    for part in known:
        cells = " | ".join(_cores(part.cores(day)) for day in DAYS)
        yield f"| {part.name} | {part.milliseconds:.1f} | {cells} | {part.grows} |"
    yield f"| **runs per second** | | {' | '.join(f'{busiest(day):.3g}' for day in DAYS)} | |"
    yield ""
    yield f"| each day | a run | {' | '.join(f'{day:,} runs a day' for day in DAYS)} |"
    yield "|---|---|---|---|---|"
    for name, size in (
        ("the vault's log, each audit device", VAULT_LOG),
        ("rows and indexes", DATABASE),
        ("PostgreSQL's write-ahead log", WRITE_AHEAD),
    ):
        yield f"| {name} | {size / 1_000:.0f} kB | {' | '.join(_bytes(size * day) for day in DAYS)} |"
    yield f"| requests to the vault | {REQUESTS:g} | {' | '.join(f'{REQUESTS * day:,.0f}' for day in DAYS)} |"
    yield ""
    yield "## What breaks first"
    yield ""
    limited = sorted((part for part in known if part.runs_a_day), key=lambda part: part.runs_a_day or 0)
    for part in limited:
        yield f"- **{part.name}**: about {_rounded(part.runs_a_day or 0):,} runs a day ({part.grows})."
    yield ""
    yield "Before any of them, the daily quota of SAM.gov: with 10,000 requests a federal system account can ask for a few thousand"
    yield f"runs. Beyond the limit of the {limited[0].name}, split the work: an installation for each agency, with a vault and a database of its"
    yield "own, shares nothing that would have to grow."


def _cores(number: float) -> str:
    return "under 0.01" if number < _LEAST else f"{number:.2g}"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1_000:
            return f"{size:.3g} {unit}"
        size /= 1_000
    return f"{size:.3g} TB"


def _rounded(number: int) -> int:
    """To two digits: the model is no better than that."""
    scale: int = 10 ** max(0, len(str(number)) - 2)
    return number // scale * scale


if __name__ == "__main__":
    if (report := newest()) is None:
        raise SystemExit("benchmarks/results holds no report: python -m benchmarks --keep")
    print(document(report))
