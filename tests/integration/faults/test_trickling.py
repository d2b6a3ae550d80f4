"""Peers that trickle hold neither a run nor a thread, with both pools, however often."""

from collections import Counter
from itertools import cycle, islice

import psutil
import pytest
from psycopg.rows import dict_row

from app import usecases
from app.credentials.progress import ENDED
from benchmarks.proxied_stack import proxied_stack
from benchmarks.work import submitted
from infra.local.options import TOOL_VARIABLES

TOOLS = tuple(TOOL_VARIABLES)
#: Seconds. Two workers of four runs each, one with threads and one with processes.
ENVIRONMENT = {"TOOL_TIMEOUT": "1", "TOOL_DEADLINE": "2", "RUN_DEADLINE": "20", "ATTEMPT_LEASE": "60"}
WORKERS = ("worker-1", "worker-2")
RUNS = 16
#: Threads that a worker of four runs starts for them and their tools.
LAZY = 4 * (1 + len(TOOLS)) + 4


class Trickling:
    """A system whose servers can be made to trickle."""

    def __init__(self, proxied, sessions, actions) -> None:
        self.proxied = proxied
        self._sessions = sessions
        self._actions = cycle(actions)

    def rows(self, query, *parameters):
        with self.proxied.stack.services.database.connect("triage") as connection:
            return connection.cursor(row_factory=dict_row).execute(query, parameters).fetchall()

    def request(self, number=RUNS):
        return usecases.request_runs(self._sessions, list(islice(self._actions, number)), requested_by="test")

    def states(self, run_ids):
        rows = self.rows("SELECT state FROM run WHERE run_id = ANY(%s)", list(run_ids))
        return Counter(row["state"] for row in rows)

    def ended(self, run_ids):
        return set(self.states(run_ids)) <= set(ENDED)

    def carried_out(self, until, number=RUNS):
        """The ids of runs that were requested now, and have ended."""
        run_ids = self.request(number)
        until(lambda: self.ended(run_ids), seconds=90, what="the end of all runs")
        return run_ids

    def attempts(self, run_ids):
        query = "SELECT state, failure FROM attempt WHERE run_id = ANY(%s)"
        return Counter(row["state"] for row in self.rows(query, list(run_ids)))

    def not_checked(self, run_ids):
        """Why checks were not performed, by action and system."""
        query = (
            "SELECT run.job_id, subject, because FROM flag JOIN run USING (run_id)"
            " WHERE rule = 'S01' AND run_id = ANY(%s)"
        )
        rows = self.rows(query, list(run_ids))
        return {(row["job_id"], row["subject"]): row["because"] for row in rows}

    def threads(self):
        """How many threads each worker has, in all its processes."""
        return {
            name: sum(
                process.num_threads()
                for parent in [psutil.Process(self.proxied.stack.processes[name])]
                for process in [parent, *parent.children(recursive=True)]
            )
            for name in WORKERS
        }


@pytest.fixture(scope="module")
def trickling(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trickling")
    with (
        proxied_stack(folder, environment=ENVIRONMENT, actions=2 * RUNS) as proxied,
        submitted(proxied.stack) as (sessions, actions),
    ):
        yield Trickling(proxied, sessions, actions)


@pytest.fixture(scope="module")
def usual(trickling, until):
    """What is not checked without a fault of the network: some actions have services that err."""
    return trickling.not_checked(trickling.carried_out(until, 2 * RUNS)).keys()


@pytest.mark.parametrize(("http", "tcp"), [("trickle headers", "trickle"), ("trickle body", "hang")])
def test_tools_that_trickle_are_not_checked_and_no_thread_is_lost(trickling, usual, until, http, tcp):
    before = trickling.threads()
    for _ in range(2):
        for tool in TOOLS:
            trickling.proxied.proxies[tool].inflict(tcp if tool == "ledger" else http)
        run_ids = trickling.carried_out(until)
        assert trickling.states(run_ids) == {"completed": RUNS}
        assert trickling.attempts(run_ids) == {"finished": RUNS}
        reasons = trickling.not_checked(run_ids)
        assert {subject for _, subject in reasons} == set(TOOLS)
        assert all(" within " in reason for reason in reasons.values()), reasons
    trickling.proxied.heal()
    run_ids = trickling.carried_out(until)
    assert trickling.not_checked(run_ids).keys() <= usual
    # The threads in which runs are carried out and tools are asked start when they are needed, once.
    most = {name: before[name] + LAZY for name in WORKERS}
    assert all(now <= most[name] for name, now in trickling.threads().items()), (trickling.threads(), before)


def test_one_tool_that_trickles_leaves_the_answers_of_the_others(trickling, usual, until):
    trickling.proxied.proxies["contracts"].inflict("trickle headers")
    run_ids = trickling.carried_out(until)
    trickling.proxied.heal()
    late = {subject for action, subject in trickling.not_checked(run_ids) if (action, subject) not in usual}
    assert late == {"contracts"}


@pytest.mark.parametrize(("server", "fault"), [("vault", "trickle body"), ("database", "hang")])
def test_a_run_that_vault_or_database_hold_up_is_postponed_and_goes_on(trickling, until, server, fault):
    run_ids = trickling.request()
    until(lambda: trickling.attempts(run_ids)["finished"], what="the first end")
    trickling.proxied.proxies[server].inflict(fault)
    until(lambda: trickling.proxied.proxies[server].met[fault] > 3, what="calls that trickle")
    trickling.proxied.heal()
    until(lambda: trickling.ended(run_ids), seconds=60, what="the end of all runs")
    assert trickling.states(run_ids) == {"completed": RUNS}
    assert trickling.attempts(run_ids)["failed"] == 0
