"""`triage audit search`: the recorded lines of the vault's log, through the JSON API, with a person's token."""

import json

import pytest


@pytest.fixture(scope="module")
def run_id(system, until):
    """A run whose lines are all recorded."""
    (run_id,) = system.run("ACT-2026-0002")
    rows = "SELECT 1 FROM vault_event WHERE run_id = %s AND kind = 'revoked'"
    until(lambda: system.rows(rows, run_id), what="the record of a whole run")
    return run_id


def test_the_lines_of_a_run_are_those_of_the_record_newest_first(as_person, system, run_id):
    expected = [
        row["request_id"]
        for row in system.rows(
            "SELECT request_id FROM vault_event WHERE run_id = %s ORDER BY at DESC, number DESC", run_id
        )
    ]
    status, output, _ = as_person("operator-a", "audit", "search", "--run", str(run_id), "--json")
    assert (status, [each["request_id"] for each in json.loads(output)]) == (0, expected)
    status, output, _ = as_person("auditor-a", "audit", "search", "--run", str(run_id))
    assert status == 0
    assert all(request_id in output for request_id in expected)


def test_filters_and_the_limit_are_kept(as_person, system, run_id):
    (row,) = system.rows("SELECT * FROM credential WHERE run_id = %s AND tool = 'ledger'", run_id)
    status, output, _ = as_person(
        *("auditor-a", "audit", "search", "--tool", "ledger", "--kind", "issued", "--outcome", "answered"),
        *("--identity", row["service_user"], "--text", row["lease_id"], "--run", str(run_id)),
        *("--since", "2026-01-01T00:00Z", "--until", "2099-01-01T00:00Z", "--json"),
    )
    assert status == 0
    assert [each["credential_id"] for each in json.loads(output)] == [str(row["credential_id"])]
    status, output, _ = as_person(
        "auditor-a", "audit", "search", "--run", str(run_id), "--limit", "2", "--json"
    )
    assert (status, len(json.loads(output))) == (0, 2)
    status, output, _ = as_person("auditor-a", "audit", "search", "--text", "nothing-has-this")
    assert (status, output) == (0, "Lines of the vault's log: none\n")


def test_what_is_not_valid_is_named_by_its_option(as_person):
    status, _, lines = as_person("auditor-a", "audit", "search", "--tool", "canary")
    assert status == 2
    assert lines[0].startswith("--tool: 'canary' ")
    status, _, lines = as_person("officer-a", "audit", "search")
    assert status == 1
    assert lines
