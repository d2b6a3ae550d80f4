"""Without its vault the system waits and says so; it never calls a tool without a credential."""

import json
import signal


def waits_for_the_vault(fragile, run_id):
    return "vault" in fragile.waits_because(run_id)


def test_with_a_sealed_vault_runs_wait_and_go_on_by_themselves(fragile, seal, unsealed, until, triage):
    seal()
    before = [fragile.calls_seen(each) for each in fragile.plain[:3]]
    run_ids = fragile.system.request(*fragile.plain[:3])
    until(lambda: all(waits_for_the_vault(fragile, each) for each in run_ids), what="the reason to wait")
    (pulse,) = fragile.system.rows("SELECT problem FROM heartbeat WHERE process = 'dispatcher'")
    assert "waiting for the vault" in pulse["problem"]
    assert "sealed" in pulse["problem"]

    variables = fragile.stack.environment("cli")
    status, shown, _ = triage("runs", "--json", "--state", "requested", environment=variables)
    assert status == 0
    reasons = {run["run_id"]: run["waiting_reason"] for run in json.loads(shown)}
    assert all("vault" in reasons[str(run_id)] for run_id in run_ids)
    assert [fragile.calls_seen(each) for each in fragile.plain[:3]] == before
    assert not any(fragile.attempts(run_id) for run_id in run_ids)

    unsealed()
    until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
    for run_id in run_ids:
        run = fragile.run(run_id)
        assert (run["state"], run["waiting_reason"]) == ("completed", None)
        assert fragile.findings(run_id) == []


def test_a_vault_sealed_amid_a_run_leaves_its_revocation_to_the_sweeper(fragile, seal, unsealed, until):
    """The run has what it needs, so its result stands; the lineage says that the sweeper ended its credentials."""
    action_id = fragile.hanging[0]
    before = fragile.calls_seen(action_id)
    (run_id,) = fragile.system.request(action_id)
    until(
        lambda: fragile.is_at_work(run_id) and len(fragile.calls_seen(action_id) - before) == 3,
        what="all answers but the late one",
    )
    seal()
    until(lambda: fragile.ended([run_id]), what="the end of the run")
    (attempt,) = fragile.attempts(run_id)
    assert (attempt["state"], attempt["revoked_at"]) == ("finished", None)
    assert {row["revoked_at"] for row in fragile.credentials(run_id)} == {None}
    stored = fragile.findings(run_id)
    assert [(row["rule"], row["subject"]) for row in stored] == [("S01", "documents")]
    problem = "SELECT problem FROM heartbeat WHERE process = 'sweeper'"
    until(lambda: fragile.system.rows(problem)[0]["problem"], what="the sweeper's complaint")

    unsealed()
    until(lambda: fragile.attempts(run_id)[0]["revoked_at"], what="the revocation")
    assert fragile.attempts(run_id)[0]["revoked_by"] == "sweeper"
    ends = {row["ended_by"] for row in fragile.credentials(run_id) if row["kind"] != "signed-token"}
    assert ends == {"sweeper"}
    until(lambda: not fragile.alive([run_id]), what="the end of everything leased")
    assert fragile.findings(run_id) == stored
    until(lambda: fragile.system.rows(problem)[0]["problem"] is None, what="the sweeper's all-clear")


def test_an_attempt_that_meets_a_sealed_vault_is_postponed_and_does_not_count(fragile, seal, unsealed, until):
    """Its message lay in the broker when the vault was sealed: no identity, so no tool is called."""
    for worker in ("worker-1", "worker-2"):
        fragile.signal_all_of(worker, signal.SIGSTOP)
    (run_id,) = fragile.system.request(fragile.plain[0])
    until(lambda: fragile.run(run_id)["state"] == "dispatched", what="the message")
    seal()
    before = fragile.calls_seen(fragile.plain[0])
    for worker in ("worker-1", "worker-2"):
        fragile.signal_all_of(worker, signal.SIGCONT)
    until(lambda: fragile.attempts(run_id)[0]["state"] == "postponed", what="the attempt's end")
    assert "the vault cannot answer" in fragile.attempts(run_id)[0]["failure"]
    assert waits_for_the_vault(fragile, run_id)
    assert fragile.calls_seen(fragile.plain[0]) == before
    assert not fragile.credentials(run_id)
    unsealed()
    until(lambda: fragile.ended([run_id]), seconds=60, what="the end of the run")
    assert [row["state"] for row in fragile.attempts(run_id)] == ["postponed", "finished"]


def test_a_stopped_vault_blocks_no_process_for_good(fragile, until):
    fragile.system.vault.process_table.kill("vault", signal.SIGSTOP)
    before = fragile.calls_seen(fragile.plain[0])
    (run_id,) = fragile.system.request(fragile.plain[0])
    until(lambda: waits_for_the_vault(fragile, run_id), seconds=40, what="the reason to wait")
    assert "no answer" in fragile.waits_because(run_id)
    assert fragile.calls_seen(fragile.plain[0]) == before
    fragile.system.vault.process_table.kill("vault", signal.SIGCONT)
    until(lambda: fragile.ended([run_id]), seconds=60, what="the end of the run")
    assert fragile.run(run_id)["state"] == "completed"
    until(lambda: not fragile.alive([run_id]), what="the end of everything leased")
