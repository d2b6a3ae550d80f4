"""A short form of `python -m benchmarks.quiet_day`: kills, an outage and rotated logs accuse nobody."""

import json

from benchmarks.incidents import INCIDENTS
from benchmarks.quiet_day import day, is_quiet


def test_a_day_with_kills_an_outage_and_rotated_logs_raises_no_false_alarm(tmp_path):
    figures = day(tmp_path, runs=60, kills=6, seed=7)
    assert is_quiet(figures), json.dumps(figures, indent=1, default=str)
    assert sum(figures["kills"].values()) >= 6
    assert len(figures["incidents"]) == len(INCIDENTS)
    assert figures["credentials issued"] >= 300
