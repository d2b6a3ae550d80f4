"""A short form of `make campaign`: `kill -9` at random under work, and nothing that the vault issued outlives it."""

from benchmarks.campaign import campaign, is_clean


def test_whatever_is_killed_every_run_is_done_once_and_nothing_is_left_alive(tmp_path):
    figures = campaign(tmp_path, runs=60, seed=7)
    assert is_clean(figures), figures
    assert sum(figures["kills"].values()) > 3
    assert figures["logins"] >= 60
