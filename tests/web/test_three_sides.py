"""The page of the three sides: totals, leftovers, and granted against used, for a day, an hour and a run."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.procurement.federal_time import eastern
from app.reconciliation.agreement import PolicyUse
from app.reconciliation.report import Overview
from app.reconciliation.verdict import Leftover, Reconciliation, Side
from app.web.views import three_sides as views

pytestmark = pytest.mark.whole_system


@pytest.fixture(scope="module")
def run_id(system):
    (run_id,) = system.run("ACT-2026-0004")
    return run_id


def test_a_run_has_three_columns_and_what_it_was_granted(client, read, run_id, until):
    def compared():
        page = read(client, f"/reconciliation?run={run_id}")
        return "has not been read" not in page.named["verdict"] and ["5", "5", "5"] in page.rows and page

    page = until(compared, what="the logs of the time of the run")
    assert "fail" not in page.named["verdict"]
    assert [row[2:] for row in page.rows if "contracts" in row[1]] == [["1", "0", "1", "0"]]
    assert f"/runs/{run_id}" in page.links
    assert f"/reconciliation?run={run_id}" in read(client, f"/runs/{run_id}").links


@pytest.mark.parametrize("persona", ["officer-a", "auditor-a", "operator-a"])
def test_each_role_compares_a_day_and_an_hour(system, signed_in, read, run_id, persona):
    (row,) = system.rows("SELECT min(issued_at) AS at FROM credential WHERE run_id = %s", run_id)
    at = eastern(row["at"])
    client = signed_in(persona)
    assert read(client, "/reconciliation").named["verdict"]
    for query in (f"day={at.date()}", f"day={at.date()}&hour={at.hour:02}"):
        page = read(client, f"/reconciliation?{query}")
        columns = ([cell.replace(",", "") for cell in row] for row in page.rows if len(row) == 3)
        issued, _, recorded = next(row for row in columns if row[0].isdecimal())
        assert min(int(issued), int(recorded)) >= 5
        assert "ignored" not in page.named
    page = read(client, "/reconciliation?day=2020-02-30&run=7")
    assert "2020-02-30" in page.named["ignored"]
    assert "“7”" in page.named["ignored"]
    assert str(run_id) not in read(client, f"/reconciliation?run={uuid4()}").text


def test_a_day_of_which_nothing_was_read_does_not_pass(client, read):
    page = read(client, "/reconciliation?day=2020-02-03")
    assert "Verdict: not established" in page.named["verdict"]
    assert "was not read from the beginning of this time" in page.named["verdict"]


def test_leftovers_have_their_explanations_and_alarms_come_first(client, read, monkeypatch):
    left = Leftover(kind="use of nothing issued", detail="saw <b>", side=Side.TOOL, at=datetime.now(UTC))
    killed = replace(left, kind="issued only", side=Side.VAULT, explanation="the worker was lost")
    sides = Reconciliation(
        since=left.at, until=left.at, issued=2_000, used=1, recorded=0, leftovers=[killed] * 250 + [left], missing=["x"]
    )  # fmt: skip
    use = PolicyUse(policy="run", path="p", system="ledger", logins=4, requesting=3, issued=3, used=1)
    monkeypatch.setattr(views, "overview_of_time", lambda *_: Overview(sides=sides, policies=[use]))
    page = read(client, "/reconciliation")
    assert "Verdict: fail" in page.named["verdict"]
    assert ["2,000", "1", "0"] in page.rows
    leftovers = [row for row in page.rows if len(row) == 5]
    assert leftovers[1][0] == "Use of nothing issued"
    assert "this is an alarm" in leftovers[1][4]
    assert leftovers[2][4] == "the worker was lost"
    assert "51 more are not shown" in page.text
    assert ["Financial obligations", "run p", "4", "1", "3", "2"] in page.rows


def test_a_run_without_an_ended_attempt_is_not_compared(client, read, run_id, monkeypatch):
    monkeypatch.setattr(views, "overview_of_run", lambda *_: None)
    assert "Verdict: not established" in read(client, f"/reconciliation?run={run_id}").text
