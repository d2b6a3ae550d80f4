"""A short form of `python -m benchmarks.faults`: whatever servers do, every run is done once, and nobody is accused."""

import json

from benchmarks.faults import campaign, is_unharmed


def test_no_fault_of_a_server_loses_a_run_or_leaves_a_credential_or_ends_a_process(tmp_path):
    figures = campaign(tmp_path, runs=60, disturbances=20, seed=7)
    assert is_unharmed(figures), json.dumps(figures, indent=1)
    assert figures["faults inflicted"] >= 5
    assert figures["logins"] >= 60
