"""When the figures of a benchmark may be compared: judged from invented samples."""

import subprocess
import sys

import psutil
import pytest

from benchmarks.judgement import Counters, Watch, Window, disturbances, spread_of

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"

ALIKE = {"pattern on memory, runs per second": [20.0, 21.0, 19.5]}


def window(name="round 1 on memory, pattern", *, others=0.0, steal=0.0):
    return Window(name, 10.0, others, steal)


def judged(*, load=0.1, windows=(), series=ALIKE):
    return disturbances(load=load, windows=windows or [window()], series=series)


def test_a_quiet_machine_with_rounds_that_are_alike_is_trusted():
    assert judged(load=0.5, windows=[window(others=0.05, steal=0.02)]) == []


def test_load_before_the_benchmark_is_named():
    assert judged(load=0.51) == ["load before the benchmark: 0.51 per core (limit 0.5)"]


def test_what_other_processes_used_is_named_with_the_worst_part():
    windows = [window("first", others=0.09), window("second", others=0.314), window("third", others=0.01)]
    assert judged(windows=windows) == [
        "second: other processes used 31.4% of the processor time (limit 5%); 1 more above it"
    ]


def test_what_the_hypervisor_took_is_named():
    assert judged(windows=[window("first", steal=0.021)]) == [
        "first: the hypervisor took 2.1% of the processor time (limit 2%)"
    ]


def test_rounds_that_lie_apart_are_named():
    assert judged(series={"static keys on raft, CPU per run": [60.0, 75.1, 60.0]}) == [
        "static keys on raft, CPU per run: the rounds lie 25% apart (limit 25%)"
    ]
    assert judged(series={"static keys on raft, CPU per run": [60.0, 75.0, 60.0]}) == []


def test_one_round_is_not_trusted():
    series = {"pattern on raft, runs per second": [12.0], "static keys on raft, runs per second": [20.0]}
    assert judged(series=series) == ["a single round shows no spread"]


def test_every_reason_is_stated():
    found = judged(load=9, windows=[window(others=0.5, steal=0.5)], series={"runs per second": [1.0, 2.0]})
    assert [each.partition(":")[0] for each in found] == [
        "load before the benchmark",
        *["round 1 on memory, pattern"] * 2,
        "runs per second",
    ]


@pytest.mark.parametrize(
    ("own", "others"),
    [
        pytest.param(12.0, 0.0, id="the benchmark used all of it"),
        pytest.param(8.0, 0.2, id="a fifth of two cores went elsewhere"),
        # The kernel counts all processes by ticks, and each by its own clock: they may differ a little.
        pytest.param(12.3, 0.0, id="the two clocks differ"),
    ],
)
def test_others_are_what_is_left_of_the_time_that_the_cores_were_busy(own, others):
    before = Counters(at=100.0, busy=50.0, steal=3.0, own=20.0, kernel=7.0)
    after = Counters(at=110.0, busy=63.0, steal=3.5, own=20.0 + own, kernel=8.0)
    assert Window.between("part", before, after, cores=2) == Window("part", 10.0, others, 0.025)


def test_spread_is_relative_to_the_median():
    assert spread_of([10.0, 12.0, 20.0]) == pytest.approx(10 / 12)


def test_the_machine_is_watched_in_each_part():
    watch = Watch()
    with watch.part("burning"):
        subprocess.run([sys.executable, "-c", BURN], check=True)
    before, burning = watch.windows
    assert before.name == "before the benchmark"
    assert before.seconds >= 3
    # What it did itself, here in a process that it started, is not what others did.
    assert burning.seconds >= 0.5
    assert 0 <= burning.others <= 1 - 0.5 / (burning.seconds * psutil.cpu_count()) + 0.1
    assert [each["name"] for each in watch.figures()["windows"]] == ["before the benchmark", "burning"]
