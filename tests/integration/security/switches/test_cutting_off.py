"""Switches at work: refused on the next call, what was issued before is dead, and nothing else is touched."""

import json
import os
import re
import signal
from uuid import uuid4

import pytest

from app import usecases
from app.connections.database import columns
from app.credentials.switch_orders import NothingToSwitchError, SwitchKind, Turn, UnknownTargetError
from workers.runtime.vault import VaultForbiddenError, VaultUnavailableError
from workers.triage import DOMAIN

TOOLS = {name: tool.record.credential for name, tool in DOMAIN.tools.items()}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SIGNED = ("sam-gov", "debarment")


def issues(held, tool):
    """Whether the vault gives a run another credential of a tool."""
    try:
        held.session.issue(tool, TOOLS[tool])
    except VaultForbiddenError:
        return False
    return True


def alarm_details(system, kind):
    return [row["detail"] for row in system.rows("SELECT detail FROM alarm WHERE kind = %s", kind)]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_is_cut_off_and_no_other(system, insider, held, switch, tool):
    assert insider.accepts(tool, held.secret(tool), user=held.database_user)
    done = switch("tool", tool, "off")
    assert not issues(held, tool)
    if tool in SIGNED:
        assert re.search(r"valid until \d\d:\d\d:\d\d UTC", done["outcome"])
    else:
        assert not insider.accepts(tool, held.secret(tool), user=held.database_user)
        assert done["outcome"].endswith("what it had issued before is dead")
    assert f"tool {tool} was switched off" in " ".join(alarm_details(system, "access switched"))
    others = [name for name in TOOLS if name != tool]
    assert all(insider.accepts(each, held.secret(each), user=held.database_user) for each in others)

    switch("tool", tool, "on")
    assert issues(held, tool)


def test_a_tool_that_is_let_on_before_its_ends_are_confirmed_stays_on(system, held, switch, until):
    first = switch("tool", "contracts", "off", wait=False)
    order = "SELECT * FROM switch_order WHERE order_id = %s"
    until(lambda: system.rows(order, first["order_id"])[0]["carried_out_at"], what="the first")
    switch("tool", "contracts", "on")
    until(lambda: system.rows(order, first["order_id"])[0]["done_at"], what="the confirmation of the first")
    assert issues(held, "contracts")


def test_runs_go_on_without_a_tool_that_is_off(system, switch):
    switch("tool", "contracts", "off")
    (run_id,) = system.run(system.copy("ACT-2026-0001"))
    (denial,) = system.rows("SELECT * FROM denial WHERE run_id = %s", run_id)
    assert denial["tool"] == "contracts"
    assert "permission denied" in denial["reason"]
    (step,) = system.rows("SELECT outcome FROM step WHERE run_id = %s AND tool = 'contracts'", run_id)
    assert step["outcome"] != "answered"


def test_the_agent_is_cut_off_and_its_runs_wait(system, insider, held, switch, until):
    done = switch("agent", "agent", "off")
    assert not insider.is_token(held.token)
    assert not insider.accepts("contracts", held.secret("contracts"))
    assert not insider.accepts("ledger", held.secret("ledger"), user=held.database_user)
    assert "issues nothing more" in done["outcome"]

    run_id = uuid4()
    minted = insider.mint(run_id)
    with (
        pytest.raises(VaultUnavailableError, match="its entity is disabled"),
        insider.identity(run_id, minted),
    ):
        pass

    (waiting,) = system.request(system.copy("ACT-2026-0002"))
    reason = "SELECT problem FROM heartbeat WHERE process = 'dispatcher' AND problem LIKE %s"
    until(
        lambda: system.rows(reason, "the agent was switched off by Olive Operator%"),
        what="the reason why runs wait",
    )
    (state,) = system.rows("SELECT state, attempt FROM run WHERE run_id = %s", waiting)
    assert (state["state"], state["attempt"]) == ("requested", 0), (
        "nothing is minted for an agent that is off"
    )

    switch("agent", "agent", "on")
    system.wait([waiting])
    (state,) = system.rows("SELECT state FROM run WHERE run_id = %s", waiting)
    assert state["state"] == "completed"


def recorded(system, held, tool):
    """The record of a credential that the test plays the worker of, by the vault's own log."""
    record = held.issued[tool].record
    credential_id = uuid4()
    system.execute(
        "INSERT INTO credential SELECT (jsonb_populate_record(NULL::credential, to_jsonb(%s::json))).*",
        json.dumps(
            columns(record)
            | {"credential_id": credential_id, "run_id": held.run_id, "attempt": 1, "tool": tool},
            default=str,
        ),
    )
    return credential_id


def order(system, kind, target, turn="off"):
    return usecases.order_switch(
        system.sessions, SwitchKind(kind), str(target), Turn(turn), by="o", by_name="O", reason="A drill."
    )


@pytest.mark.parametrize("tool", ["contracts", "ledger"])
def test_one_credential_ends_and_no_other(  # noqa: PLR0917  # fixtures
    system, insider, held, switch, until, tool
):
    credential_id = recorded(system, held, tool)
    logged = "SELECT 1 FROM vault_event WHERE request_id = %s"
    until(lambda: system.rows(logged, str(held.issued[tool].record.request_id)), what="the sweeper's reading")
    done = switch("credential", credential_id, "off")
    assert done["outcome"] == "the vault says that it is dead"
    assert not insider.accepts(tool, held.secret(tool), user=held.database_user)
    assert insider.accepts("documents", held.secret("documents"))
    (row,) = system.rows("SELECT * FROM credential WHERE credential_id = %s", credential_id)
    assert row["ended_by"] == "switch"
    with pytest.raises(NothingToSwitchError, match=r"It ended \d{4}-"):
        order(system, "credential", credential_id)


def test_a_signed_token_is_not_said_to_end(system, held):
    with pytest.raises(NothingToSwitchError, match=r"Nobody can withdraw a signed token\. It expires"):
        order(system, "credential", recorded(system, held, "sam-gov"))


def test_a_record_of_what_the_vault_gave_to_another_run_ends_nothing(system, insider, held, switch, until):
    """The record is the worker's word. The vault's log says whose a credential is."""
    with insider.run() as other:
        credential_id = recorded(system, other, "contracts")
        system.execute(
            "UPDATE credential SET run_id = %s WHERE credential_id = %s", held.run_id, credential_id
        )
        ordered = switch("credential", credential_id, "off", wait=False)
        until(
            lambda: any(str(credential_id) in each for each in alarm_details(system, "switch not confirmed")),
            what="the alarm",
        )
        assert insider.accepts("contracts", other.secret("contracts"))
        (row,) = system.rows("SELECT * FROM switch_order WHERE order_id = %s", ordered["order_id"])
        assert row["done_at"] is None
        assert row["outcome"] == "the vault’s log does not show that it was issued"


def test_one_run_ends_with_all_it_holds(system, insider, held, switch):
    done = switch("run", held.run_id, "off")
    assert done["outcome"] == "all that it held is dead"
    assert not insider.is_token(held.token)
    (run,) = system.rows("SELECT state, stop_requested_by FROM run WHERE run_id = %s", held.run_id)
    assert (run["state"], run["stop_requested_by"]) == ("failed", "operator-a")
    with pytest.raises(NothingToSwitchError, match=r"The run has ended\."):
        order(system, "run", held.run_id)


def test_the_same_order_twice_is_no_order(system, switch):
    switch("tool", "ledger", "off")
    assert order(system, "tool", "ledger") is None
    switch("tool", "ledger", "on")
    assert order(system, "tool", "ledger", "on") is None


@pytest.mark.parametrize(
    ("kind", "target", "turn"),
    [
        ("tool", "nonsense", "off"),
        ("agent", "somebody", "off"),
        ("run", "nonsense", "off"),
        ("run", UNKNOWN, "off"),
        ("credential", UNKNOWN, "off"),
        ("run", UNKNOWN, "on"),
    ],
)
def test_what_does_not_exist_is_refused(system, kind, target, turn):
    with pytest.raises(UnknownTargetError):
        order(system, kind, target, turn)


def test_without_its_process_an_order_waits_and_is_not_said_to_be_done(system, held, switch, served):
    process = system.stack.processes["switch"]
    os.killpg(process, signal.SIGSTOP)
    try:
        ordered = switch("tool", "documents", "off", wait=False)
        assert issues(held, "documents")
        page = served("auditor-a").get("/switches").text
        assert "Off, not confirmed" in page
    finally:
        os.killpg(process, signal.SIGCONT)
    assert ordered["done_at"] is None
