"""A short form of `python -m benchmarks.outage`: everything is measured, and runs go on to wait."""

from benchmarks.outage import MOST_IDENTITIES, measure


def test_a_queue_without_a_vault_is_measured(tmp_path):
    found = measure(tmp_path, runs=1_000, seconds=3, after=0.5)
    assert found.longest_statement >= 0
    assert set(found.claims_p95) == {
        "dispatcher: reserve runs",
        "dispatcher: record an attempt",
        "worker: claim",
    }
    assert min(found.claims_p95.values()) > 0
    assert min(found.dispatcher_memory) > 10
    assert 0 < found.identities <= MOST_IDENTITIES
