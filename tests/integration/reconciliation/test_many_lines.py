"""A short form of `python -m benchmarks.reconcile_lines`: all sides are found equal, in memory that does not grow."""

from benchmarks.reconcile_lines import GROWTH, is_right, measured


def test_many_lines_are_reconciled_in_the_memory_of_a_tenth_of_them(tmp_path):
    figures = measured(tmp_path, lines=32_000)
    assert is_right(figures), figures
    assert figures["recorded"] == 5_000
    assert figures["memory growth"] <= GROWTH, figures
