"""Stopping a run and taking out a contract file by program: as on the pages, once, and under the person's name."""

from io import BytesIO
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.whole_system

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ACTION = "ACT-2026-0001"


def test_an_operators_program_stops_a_run_once(system, program_of, held):
    run_id = held(ACTION)
    operator = program_of("operator-a")
    first = operator.post(f"/runs/{run_id}/stops")
    assert (first.status_code, first.json) == (200, {"run_id": str(run_id), "new": True})
    assert operator.post(f"/runs/{run_id}/stops").json == {"run_id": str(run_id), "new": False}
    (row,) = system.rows("SELECT stop_requested_by FROM run WHERE run_id = %s", run_id)
    assert row["stop_requested_by"] == "operator-a"


def test_an_ended_run_stays_as_it_is(program_of, triaged, problem):
    operator = program_of("operator-a")
    run_id = triaged[ACTION]
    assert operator.post(f"/runs/{run_id}/stops").json["new"] is False
    run = operator.get(f"/runs/{run_id}")
    assert (run["state"], run["stop_requested_by"]) == ("completed", None)
    problem(operator.post(f"/runs/{UNKNOWN}/stops"), 404)


def test_a_contract_file_is_the_one_of_the_page(system, program_of, triaged, problem):
    auditor = program_of("auditor-a")
    sent = auditor.open("GET", f"/actions/{ACTION}/contract-file")
    assert (sent.status_code, sent.content_type) == (200, "application/zip")
    assert sent.headers["Content-Disposition"].startswith(f'attachment; filename="contract-file-{ACTION}-20')
    with ZipFile(BytesIO(sent.data)) as opened:
        assert {"contract-file.json", "contract-file.pdf"} <= set(opened.namelist())
    (record,) = system.rows(
        "SELECT kind, by FROM export_record WHERE action_id = %s ORDER BY at DESC LIMIT 1", ACTION
    )
    assert record == {"kind": "contract-file.zip", "by": "auditor-a"}
    problem(auditor.open("GET", "/actions/nothing/contract-file"), 404)


def begins(flag, start):
    return any(flag[name].upper().startswith(start.upper()) for name in ("action_id", "piid"))


def test_flags_are_filtered_by_the_start_of_an_id_or_piid(program_of, triaged, problem):
    officer = program_of("officer-a")
    everything = officer.get("/flags?status=any&limit=200")["items"]
    (one, *_) = everything
    # The ids of other tests' actions have small letters, so that neither spelling of what is typed is theirs.
    lower = {one["action_id"].lower()} if one["action_id"].isupper() else set()
    for start in (one["action_id"], *lower, one["piid"], one["piid"][:-1]):
        found = officer.get(f"/flags?status=any&limit=200&action={start}")["items"]
        # The ids of copied actions have small letters.
        assert all(begins(each, start) for each in found), start
        # Other tests' flags may be more than one page holds.
        assert {each["flag_id"] for each in everything if begins(each, start)} <= {
            each["flag_id"] for each in found
        }, start
    page = officer.get(f"/flags?status=any&limit=1&action={one['piid'][:4]}")
    assert "action=" in page["next"]
    assert officer.get("/flags?action=NOTHING")["items"] == []
    problem(officer.open("GET", "/flags?action="), 400)
