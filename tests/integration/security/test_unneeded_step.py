"""A step that is not needed: no credential, no call, and no report that it is missing."""

from uuid import uuid4

import pytest

from app.procurement import planning
from app.procurement.systems import Source
from app.review.queries import Pages

CAUSE = "the action books nothing"


@pytest.fixture
def carried_out(system, insider, make_agent, monkeypatch):
    """Carries out a run of a clean action whose checks have no use for these systems; returns its id."""

    def run(*unused: Source):
        monkeypatch.setattr(
            planning,
            "does_not_apply",
            lambda rule, _: CAUSE if {*rule.sources, *rule.helped_by}.intersection(unused) else None,
        )
        run_id = uuid4()
        minted = insider.mint(run_id)
        insider.queue("ACT-2026-0001", run_id, minted)
        make_agent().attempt(run_id, 1, minted.wrapping_token)
        return run_id

    return run


def asked_of_the_vault(system, run_id):
    return {line["request"]["path"] for line in system.audit_lines(run_id)}


def test_it_gets_no_credential_makes_no_call_and_is_not_missed(system, carried_out):
    run_id = carried_out(Source.LEDGER)
    (run,) = system.rows("SELECT state FROM run WHERE run_id = %s", run_id)
    assert run["state"] == "completed"
    steps = {row["tool"]: row for row in system.rows("SELECT * FROM step WHERE run_id = %s", run_id)}
    off = steps.pop("ledger")
    assert (off["needed"], off["outcome"], off["rules"], off["helps"]) == (False, "not needed", [], [])
    assert off["why_not"].startswith("No check that applies uses this system.")
    assert CAUSE in off["why_not"]
    assert all(step["needed"] and step["outcome"] == "answered" for step in steps.values())
    assert "database/creds/ledger-reader" not in asked_of_the_vault(system, run_id)
    issued = {row["tool"] for row in system.rows("SELECT tool FROM credential WHERE run_id = %s", run_id)}
    assert issued == set(steps)
    made = system.rows(
        "SELECT 1 FROM call JOIN credential USING (credential_id) WHERE call.run_id = %s AND tool = 'ledger'",
        run_id,
    )
    assert made == system.rows("SELECT 1 FROM denial WHERE run_id = %s", run_id) == []
    assert system.rows("SELECT rule, because FROM flag WHERE run_id = %s", run_id) == []


def test_the_page_and_the_list_show_it_as_clear_and_say_why(system, served, carried_out):
    run_id = carried_out(Source.LEDGER)
    page = served("officer-a").get(f"/runs/{run_id}").text
    assert CAUSE in page
    assert "Not asked, no credential issued" in page
    assert "Not requested: the step was not needed" in page
    assert "None: every check that applies was performed, and all values agree." in page
    assert "not fully checked" not in page.lower()
    line = next(line for line in Pages(system.sessions).runs() if line.run.run_id == run_id)
    assert line.outcome == "clear"


def test_a_plan_without_needed_steps_asks_no_system_and_ends(system, carried_out):
    run_id = carried_out(*Source)
    (run,) = system.rows("SELECT state FROM run WHERE run_id = %s", run_id)
    assert run["state"] == "completed"
    assert system.rows("SELECT 1 FROM credential WHERE run_id = %s", run_id) == []
    assert asked_of_the_vault(system, run_id) == {"auth/approle/login", "auth/token/revoke-self"}
    # What is left behind is an identity that has ended, and a plan that says why.
    plans = Pages(system.sessions).run(run_id).plans
    assert [plan.start_of(step) for plan in plans for step in plan.steps] == ["never"] * 5
