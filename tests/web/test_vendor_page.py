"""One vendor across all actions: names, flags with decisions, the last registration."""

import json
import re
from uuid import uuid4

import pytest

pytestmark = pytest.mark.whole_system

PRIME, SUBCONTRACTOR = "ZZ12PRMEVND1", "ZZ12SUBSVND2"


@pytest.fixture
def show(client, read):
    return lambda uei: read(client, f"/vendors/{uei}")


@pytest.fixture
def firm():
    """A UEI no other test uses."""
    return "ZZ97" + re.sub(r"[^A-HJ-NP-Z]", "X", uuid4().hex.upper())[:8]


def vendor(uei, name, role="prime", cage=None):
    return {"uei": uei, "name": name, "role": role, "cage": cage}


def test_names_roles_and_cages_over_all_actions(show, submitted, firm):
    other = vendor("ZZ98WEBTEST1", "EXAMPLE PAGE LLC")
    submitted(vendors=[vendor(firm, "EXAMPLE ONE INC", cage="1AAA1")])
    submitted(vendors=[vendor(firm, "EXAMPLE ONE INC", cage="1AAA1")])
    submitted(vendors=[other, vendor(firm, "EXAMPLE 1, INCORPORATED", "subcontractor")])
    page = show(firm)
    assert "Named in 3 actions; 0 flags about it so far." in page.text
    assert "The actions spell this name in different ways." in page.text
    assert ["EXAMPLE ONE INC", "Prime", "1AAA1", "2"] in page.rows
    assert ["EXAMPLE 1, INCORPORATED", "Subcontractor", "not given", "1"] in page.rows
    assert "EXAMPLE PAGE LLC" not in [row[0] for row in page.rows]
    assert "SAM.gov has not yet returned a registration" in page.text


def test_flags_about_it_and_none_about_others(system, show, triaged):
    page = show(SUBCONTRACTOR)
    about = system.rows(
        "SELECT * FROM flag WHERE subject LIKE %s ORDER BY current DESC, raised_at DESC, flag_id LIMIT 100",
        f"%{SUBCONTRACTOR}%",
    )
    others = system.rows(
        "SELECT * FROM flag WHERE action_id = 'ACT-2026-0012' AND subject NOT LIKE %s",
        f"%{SUBCONTRACTOR}%",
    )
    assert about
    assert {f"/flags/{row['flag_id']}" for row in about} <= set(page.links)
    assert not {f"/flags/{row['flag_id']}" for row in others} & set(page.links)
    assert "/actions/ACT-2026-0012" in page.links


@pytest.mark.parametrize("subject", ["{uei}", "{uei}:owner", "70ZZ0126C9876:{uei}"])
def test_a_flag_is_about_it_however_the_rule_says_so(flagged, show, firm, subject):
    (flag_id,) = flagged(
        {"subject": subject.format(uei=firm)}, action={"vendors": [vendor(firm, "EXAMPLE TWO INC")]}
    )
    assert f"/flags/{flag_id}" in show(firm).links


def test_decisions_are_shown_with_the_flags(client, flagged, show, firm):
    (flag_id,) = flagged({"subject": firm}, action={"vendors": [vendor(firm, "EXAMPLE THREE INC")]})
    address = f"/flags/{flag_id}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)[1]
    told = {
        "csrf_token": token,
        "version": "0",
        "decision": "not_a_discrepancy",
        "rationale": "The same firm, <b>renamed</b>.",
    }
    assert client.post(f"{address}/decision", data=told).status_code == 303
    (row,) = [row for row in show(firm).rows if len(row) == 6 and "An invented difference" in row[1]]
    assert row[3] == "Closed"
    assert row[4].startswith("Not a discrepancy by Contracting officer A, ")
    assert "The same firm, <b>renamed</b>." in row[4]


def test_the_latest_registration_has_its_source_and_time(system, show, triaged):
    (last,) = system.rows(
        "SELECT * FROM evidence WHERE kind = 'Registration' AND fact ->> 'uei' = %s ORDER BY pulled_at DESC LIMIT 1",
        PRIME,
    )
    page = show(PRIME)
    for name in ("legal_name", "status", "expires", "cage"):
        assert last["fact"][name] in page.text
    assert f"/runs/{last['run_id']}" in page.links
    assert "SAM.gov stated this " in page.text


def test_several_rows_of_one_answer_are_all_shown(system, show, triaged, firm, submitted):
    submitted(vendors=[vendor(firm, "EXAMPLE ROWS INC")])
    (known,) = system.rows("SELECT * FROM evidence WHERE kind = 'Registration' LIMIT 1")
    ids = [uuid4(), uuid4()]
    for number, evidence_id in enumerate(ids):
        fact = {**known["fact"], "uei": firm, "legal_name": f"EXAMPLE ROW {number}", "immediate_owner": None}
        owner = {"name": "EXAMPLE OWNER <i>INC</i>", "cage": "9ZZZ9", "uei": None}
        system.execute(
            "INSERT INTO evidence (evidence_id, run_id, call_id, source, record_key, kind, fact, pulled_at)"
            " VALUES (%s, %s, %s, 'sam-gov', %s, 'Registration', %s, now())",
            evidence_id,
            known["run_id"],
            known["call_id"],
            f"{firm}:{number}",
            json.dumps({**fact, "highest_owner": owner}),
        )
    try:
        page = show(firm)
        assert "Row 2 of 2" in page.text
        assert "EXAMPLE ROW 0" in page.text
        assert "EXAMPLE OWNER <i>INC</i>, CAGE 9ZZZ9" in page.text
    finally:
        system.execute("DELETE FROM evidence WHERE evidence_id = ANY(%s)", ids)


@pytest.mark.parametrize("uei", ["NOSUCHVENDOR", "x" * 300, "a%00b", "%25"])
def test_an_unknown_vendor_is_not_found(client, uei):
    assert client.get(f"/vendors/{uei}").status_code == 404


def test_vendors_are_looked_up_by_an_index(system):
    """Not by reading every action."""
    with system.stack.services.database.connect("triage") as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            'EXPLAIN SELECT action_id FROM action WHERE vendors @> \'[{"uei": "ZZ12PRMEVND1"}]\''
        ).fetchall()
    assert "ix_action_vendors" in str(plan)
