"""What fresh credentials cost: the same runs with the pattern and with static keys, on each kind of storage, by turns."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from app.connections.database import Sessions
from benchmarks import arrivals, cost_figures, machine, pages_at_work, pipeline, vault_alone
from benchmarks.judgement import Watch
from benchmarks.pipeline import PATTERN, STATIC, Round
from benchmarks.work import submitted
from infra.local.options import SERVICES, Part, StackOptions, VaultStorage
from infra.local.stack import LocalStack
from infra.reporting import Say

#: Of the measured capacity.
LOADS = (0.1, 0.5, 0.9)
#: The load under which pages are requested.
PAGES_LOAD = 0.5


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How much is measured."""

    storages: Sequence[VaultStorage] = tuple(VaultStorage)
    runs: int = 150
    rounds: int = 4
    concurrency: int = 4
    actions: int = 100
    """Procurement actions, which the runs are of by turns."""
    latency: int = 0
    """Milliseconds that each emulated system takes to answer."""
    seconds: float = 40.0
    """For which requests arrive at each load, and for which pages are requested."""
    fewest: int = 60
    """Runs at each load; at a low load it takes longer, but never more than twice as long."""
    seed: int = 2026


@dataclass
class Half:
    """The two stacks of one kind of storage, and what was measured on them.

    Two, so that what static keys and vault operations alone leave in the vault's log is not the sweeper's to explain.
    """

    pattern: LocalStack
    static: LocalStack
    databases: dict[str, tuple[Sessions, Sequence[str]]]
    rounds: dict[str, list[Round]] = field(default_factory=lambda: {PATTERN: [], STATIC: []})
    alone: list[float] = field(default_factory=list)
    loads: dict[str, Any] = field(default_factory=dict)
    pages: dict[str, Any] = field(default_factory=dict)


def measure(
    folder: Path, wanted: Wanted, *, say: Say = lambda _: None, stopping: Say = lambda _: None
) -> dict[str, Any]:
    """Measure on new stacks in `folder`; the report. `stopping` receives a sentence before each stack stops."""
    watch = Watch()
    say("starting the servers")
    with ExitStack() as stacks:
        halves = {
            storage.value: stacks.enter_context(_half(folder / storage, storage, wanted, stopping))
            for storage in wanted.storages
        }
        facts = machine.facts(next(iter(halves.values())).pattern)
        # By turns, so that other load on the machine affects all alike.
        for number in range(1, wanted.rounds + 1):
            for storage, half in halves.items():
                _round(half, wanted, watch, say, name=f"round {number} on {storage}")
        for storage, half in halves.items():
            _loads(half, wanted, watch, say, storage=storage)
    return cost_figures.report(facts, wanted, halves, watch)


@contextmanager
def _half(folder: Path, storage: VaultStorage, wanted: Wanted, stopping: Say) -> Iterator[Half]:
    options = StackOptions(
        parts=SERVICES,
        usual_ports=False,
        actions=wanted.actions,
        mock_latency=wanted.latency,
        vault_storage=storage,
    )
    # Pages need an identity provider's address.
    with_pages = options.model_copy(update={"parts": SERVICES | {Part.IDENTITY}})
    folder.mkdir(mode=0o700)
    with (
        LocalStack(folder / "pattern", options=with_pages, stopping=stopping) as pattern,
        LocalStack(folder / "static", options=options, stopping=stopping) as static,
        submitted(pattern) as of_pattern,
        submitted(static) as of_static,
    ):
        yield Half(pattern, static, {PATTERN: of_pattern, STATIC: of_static})


def _round(half: Half, wanted: Wanted, watch: Watch, say: Say, *, name: str) -> None:
    for mode, stack in ((PATTERN, half.pattern), (STATIC, half.static)):
        say(f"{name}: {mode}")
        database, actions = half.databases[mode]
        with watch.part(f"{name}, {mode}"):
            done = pipeline.measure(
                stack, database, actions, mode=mode, runs=wanted.runs, concurrency=wanted.concurrency
            )
        half.rounds[mode].append(done)
    say(f"{name}: vault operations alone")
    with watch.part(f"{name}, vault operations alone"):
        half.alone.append(vault_alone.measure(half.static, runs=wanted.runs))


def _loads(half: Half, wanted: Wanted, watch: Watch, say: Say, *, storage: str) -> None:
    stack, (database, actions) = half.pattern, half.databases[PATTERN]
    capacity = median(each.runs_per_second for each in half.rounds[PATTERN])
    with arrivals.at_work(stack, concurrency=wanted.concurrency):
        for share in LOADS:
            name = f"{share:.0%} load on {storage}"
            rate = share * capacity
            seconds = min(2 * wanted.seconds, max(wanted.seconds, wanted.fewest / rate))
            say(f"{name}: {seconds:.0f} s")
            with watch.part(name):
                half.loads[f"{share:.0%}"] = arrivals.measure(
                    stack, database, actions, rate=rate, seconds=seconds, seed=wanted.seed
                )
        name = f"pages at {PAGES_LOAD:.0%} load on {storage}"
        say(f"{name}: {wanted.seconds:.0f} s")
        with watch.part(name):
            half.pages = pages_at_work.measure(
                stack,
                database,
                actions,
                rate=PAGES_LOAD * capacity,
                seconds=wanted.seconds,
                seed=wanted.seed,
            )
