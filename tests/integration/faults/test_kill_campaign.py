"""A short form of `make campaign`: `kill -9` at random under work, and nothing that the vault issued outlives it."""

import json

from benchmarks.aftermath import is_clean
from benchmarks.campaign import campaign


def test_whatever_is_killed_every_run_is_done_once_and_nothing_is_left_alive(tmp_path):
    figures = campaign(tmp_path, runs=60, kills=12, seed=7)
    assert is_clean(figures), json.dumps(figures, indent=1)
    assert sum(figures["kills"].values()) >= 12
    assert figures["logins"] >= 60
