"""A short form of `python -m benchmarks.queue_depth`: what waits and what is done slows no statement down."""

from benchmarks.queue_depth import grown, measure
from infra.provision.database import provision_database


def test_no_statement_reads_more_with_many_runs_waiting_or_done_and_without_a_vacuum(servers, said):
    said(provision_database, servers.settings)
    with servers.database.connect("triage") as database:
        stages = measure(database, runs=2_000)
    assert list(stages) == ["50 waiting, 50 done", "2,000 waiting", "2,000 done"]
    assert grown(stages) == []
    few, waiting, _ = stages.values()
    # To reserve runs means to go through those that wait, 50 at most.
    grew = {name: few[name].pages - waiting[name].pages for name in few if name != "dispatcher: reserve runs"}
    assert {name: -pages for name, pages in grew.items() if pages < -20} == {}
