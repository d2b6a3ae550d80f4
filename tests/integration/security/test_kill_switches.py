"""Switching off one tool, or the whole agent, while the system runs."""

from uuid import uuid4

import pytest

from workers.runtime.vault import VaultUnavailableError

ENTITY = "identity/entity/name/triage-agent"
POLICY = "sys/policies/acl/triage-run"
TOOLS = ["sam-gov", "debarment", "contracts", "documents", "ledger"]


@pytest.fixture(scope="module")
def quiet_action(system):
    """An action whose five systems all answer."""
    run_ids = system.run(*system.actions[:8])
    (row,) = system.rows(
        "SELECT job_id FROM run JOIN step USING (run_id) WHERE run_id = ANY(%s) GROUP BY run_id, job_id"
        " HAVING bool_and(outcome = 'answered') LIMIT 1",
        run_ids,
    )
    return row["job_id"]


@pytest.fixture
def without_role(system):
    """Removes roles, for the time of one test."""
    removed = []

    def remove(path):
        removed.append((path, system.ask_vault("GET", path).json()["data"]))
        assert system.ask_vault("DELETE", path).is_success

    yield remove
    for path, data in removed:
        wanted = {name: value for name, value in data.items() if name != "name"}
        assert system.ask_vault("POST", path, wanted).is_success
        restored = system.ask_vault("GET", path).json()["data"]
        # An empty list may come back as none.
        assert {name: value or None for name, value in restored.items()} == {
            name: value or None for name, value in data.items()
        }


@pytest.fixture
def without_path(system):
    """Takes a path out of the run policy, for the time of one test."""
    before = system.ask_vault("GET", POLICY).json()["data"]["policy"]

    def take_out(path):
        system.ask_vault("PUT", POLICY, {"policy": before.replace(f'path "{path}"', f'path "{path}-off"')})

    yield take_out
    assert system.ask_vault("PUT", POLICY, {"policy": before}).is_success


@pytest.fixture
def switch(system):
    """Disables and enables the agent's entity; it is enabled again afterwards."""

    def to(*, disabled):
        assert system.ask_vault("POST", ENTITY, {"disabled": disabled}).is_success

    yield to
    to(disabled=False)


def check_that_one_tool_is_missing(system, run_id, tool):
    (denial,) = system.rows("SELECT * FROM denial WHERE run_id = %s", run_id)
    assert denial["tool"] == tool
    issued = system.rows("SELECT tool, ended_by FROM credential WHERE run_id = %s", run_id)
    assert {row["tool"] for row in issued} == set(TOOLS) - {tool}
    steps = system.rows("SELECT tool, outcome FROM step WHERE run_id = %s", run_id)
    assert {row["tool"] for row in steps if row["outcome"] == "answered"} == set(TOOLS) - {tool}
    (gap,) = (row["outcome"] for row in steps if row["tool"] == tool)
    assert gap.startswith("the vault refused the credential: ")
    findings = system.rows("SELECT * FROM flag WHERE run_id = %s AND rule = 'S01'", run_id)
    assert len(findings) == 1
    assert findings[0]["subject"] == tool
    assert gap in findings[0]["because"]
    (run,) = system.rows("SELECT state, attempt FROM run WHERE run_id = %s", run_id)
    assert run == {"state": "completed", "attempt": 1}
    return denial


@pytest.mark.parametrize(
    ("tool", "role"),
    [
        ("sam-gov", "identity/oidc/role/sam-gov"),
        ("contracts", "auth/token/roles/contracts"),
        ("ledger", "database/roles/ledger-reader"),
    ],
)
def test_a_tool_without_its_role_is_a_check_not_performed(system, quiet_action, without_role, tool, role):
    without_role(role)
    (run_id,) = system.run(quiet_action)
    check_that_one_tool_is_missing(system, run_id, tool)


@pytest.mark.parametrize(
    ("tool", "path"),
    [("debarment", "identity/oidc/token/debarment"), ("documents", "auth/token/create/documents")],
)
def test_a_tool_removed_from_the_policy_is_a_check_not_performed(
    system, quiet_action, without_path, tool, path
):
    without_path(path)
    (run_id,) = system.run(quiet_action)
    denial = check_that_one_tool_is_missing(system, run_id, tool)
    assert (denial["vault_path"], "permission denied" in denial["reason"]) == (path, True)


def test_disabling_the_agent_stops_run_tokens_and_logins_at_once(insider, system, switch):
    with insider.run() as run:
        switch(disabled=True)
        assert not insider.may(run.token, "POST", "auth/token/create/contracts")
        assert not insider.may(run.token, "GET", "identity/oidc/token/sam-gov")
        with pytest.raises(VaultUnavailableError, match="may not log in: permission denied"), insider.run():
            pytest.fail("a disabled agent has logged in")
        asked = system.ask_vault("POST", "identity/oidc/introspect", {"token": run.secret("sam-gov")})
        assert asked.json() == {"active": False, "error": "entity is disabled"}
        switch(disabled=False)
        assert insider.may(run.token, "GET", "identity/oidc/token/sam-gov")


def test_runs_of_a_disabled_agent_wait_and_are_finished_later(system, quiet_action, switch, until):
    switch(disabled=True)
    (run_id,) = system.request(quiet_action)

    def waits():
        (run,) = system.rows("SELECT * FROM run WHERE run_id = %s", run_id)
        return run["attempt"] >= 2 and run["waiting_reason"]

    assert "the agent may not log in" in until(waits, what="a second attempt")
    switch(disabled=False)
    system.wait([run_id])
    attempts = system.rows("SELECT * FROM attempt WHERE run_id = %s ORDER BY number", run_id)
    assert {row["state"] for row in attempts[:-1]} == {"postponed"}
    assert attempts[-1]["state"] == "finished"
    assert not system.rows("SELECT 1 FROM alarm WHERE run_id = %s", run_id)


def test_a_run_token_of_a_disabled_agent_does_not_come_back_to_life(
    insider, quiet_action, switch, until, make_agent
):
    """The run could not end its own token; the sweeper does, before the agent is switched on again."""
    system, run_id = insider.system, uuid4()
    minted = insider.mint(run_id)
    insider.queue(quiet_action, run_id, minted)
    agent = make_agent()
    record = agent.records.issued

    def disabled_in_mid_run(*arguments, **more):
        switch(disabled=True)
        return record(*arguments, **more)

    agent.records.issued = disabled_in_mid_run
    agent.attempt(run_id, 1, minted.wrapping_token)

    def ended():
        (row,) = system.rows("SELECT * FROM attempt WHERE run_id = %s", run_id)
        return row["revoked_at"] and row

    attempt = until(ended, what="the sweeper")
    assert (attempt["state"], attempt["revoked_by"]) == ("finished", "sweeper")
    switch(disabled=False)
    accessor = {"accessor": attempt["token_accessor"]}
    assert not system.ask_vault("POST", "auth/token/lookup-accessor", accessor).is_success
