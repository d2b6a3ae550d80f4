"""A short form of `python -m benchmarks.memory`: a worker does not grow with the number of its runs."""

from benchmarks.memory import POOLS, measured

RUNS, FIRST = 200, 80
#: Of the memory after the first runs: 50 kB a run would be too much.
LIMIT = 1.05


def test_a_worker_holds_no_more_memory_after_many_runs(tmp_path):
    held = dict(measured(tmp_path, runs=RUNS, first=FIRST))
    assert set(held) == set(POOLS)
    for pool, bytes_held in held.items():
        assert bytes_held[RUNS] <= LIMIT * bytes_held[FIRST], (pool, bytes_held)
