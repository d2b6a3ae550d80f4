"""The list of runs shows every run, with its outcome."""

import re

import pytest

from app.review.queries import run_list
from app.web import display
from app.web.views import runs

pytestmark = [pytest.mark.whole_system, pytest.mark.usefixtures("triaged")]


@pytest.fixture
def long_pages(monkeypatch):
    """Everything on the first page, however much the tests before this one left behind."""
    monkeypatch.setattr(runs, "PAGE", 5_000)


def walk(read, client, address):
    """The ids on all pages of the list, by its own links to the next page."""
    found = []
    while address:
        document = read(client, address)
        found += [
            link.rsplit("/", 1)[1] for link in document.links if re.fullmatch(r"/runs/[0-9a-f-]{36}", link)
        ]
        address = next((link for link in document.links if "after=" in link), None)
    return found


def test_every_run_is_listed_once_newest_first(system, client, read, monkeypatch):
    monkeypatch.setattr(runs, "PAGE", 7)
    rows = system.rows("SELECT run_id FROM run ORDER BY requested_at DESC, run_id DESC")
    assert walk(read, client, "/runs") == [str(row["run_id"]) for row in rows]


def test_runs_by_state_with_their_number(system, client, read, submitted):
    action = submitted()
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, finished_at, failure)"
        " VALUES (gen_random_uuid(), %s, 'failed', 4, 'test', now(), now(), 'gave up after 4 attempts')",
        action,
    )
    number = system.rows("SELECT count(*) AS n FROM run WHERE state = 'failed'")[0]["n"]
    document = read(client, "/runs?state=failed")
    assert f"Failed {number}" in document.text
    (line,) = [row for row in document.rows if action in " ".join(row)]
    assert "✕ Failed gave up after 4 attempts attempt 4" in " ".join(line)
    assert all("Failed" in row[1] for row in document.rows[1:])


@pytest.mark.usefixtures("long_pages")
def test_a_run_with_a_silent_source_is_never_listed_as_clear(client, read, triaged):
    by_run = {row[0]: row for row in read(client, "/runs").rows[1:]}
    silent, clear = (by_run[f"Run {str(triaged[f'ACT-2026-{n}'])[:8]}"] for n in ("0007", "0001"))
    assert "Not fully checked" in silent[1]
    assert "1 not checked" in silent[3]
    assert "Clear" in clear[1]


def test_beyond_a_limit_runs_are_not_counted_one_by_one(system, client, read, monkeypatch):
    monkeypatch.setattr(run_list, "COUNTED", 2)
    monkeypatch.setattr(display, "COUNTED", 2)
    (row,) = system.rows("SELECT count(*) AS n FROM run WHERE state = 'completed'")
    assert row["n"] > 2
    document = read(client, "/runs?state=completed")
    assert "Completed over 2" in document.text
    assert "over 2 runs, completed" in document.text.lower()
    assert "Any over 2" in document.text
    assert "over 2 runs" in read(client, "/stack").text


class Empty:
    """A database in which nothing has happened yet."""

    def runs(self, **_):
        return []

    def run_counts(self):
        return {}

    def people(self):
        return {}


@pytest.mark.parametrize(
    ("address", "help_", "way_on"),
    [
        ("/runs", "triage submit FILE --run", "/flags"),
        ("/runs?state=failed", "No run is in this state", "/runs"),
        ("/runs?after=00000000-0000-0000-0000-000000000000", "no more runs", "/runs"),
    ],
)
def test_an_empty_list_says_why_and_what_to_do(with_queries, read, address, help_, way_on):
    document = read(with_queries(Empty()), address)
    assert help_ in document.text
    assert way_on in document.links
    assert not document.rows


def test_unknown_parameters_are_ignored_and_reported(client, read):
    page = read(client, "/runs?state=gone&after=there")
    assert "state: “gone”" in page.text
    assert "after: “there”" in page.text
    assert page.rows


def test_runs_are_found_by_action_contract_and_requester(system, client, read, submitted):
    action = submitted(piid="70ZZ0126C4321")
    (run_id,) = system.run(action)
    link = f"/runs/{run_id}"
    for query in (f"action={action}", f"action={action[:8]}", "action=70ZZ0126C43", "action=70zz0126c4321"):
        assert link in read(client, f"/runs?{query}").links, query
    assert "1 run," not in read(client, f"/runs?action={action}&requested_by=nobody").text
    assert link in read(client, f"/runs?action={action}&requested_by=test&within=1&state=completed").links
    assert link not in read(client, f"/runs?action={action}&state=failed").links
    assert link not in read(client, f"/runs?action={action}&requested_by=me").links
    assert "Completed 1" in read(client, f"/runs?action={action}").text


@pytest.mark.usefixtures("long_pages")
def test_a_search_keeps_its_filters_from_page_to_page(system, client, read, monkeypatch):
    monkeypatch.setattr(runs, "PAGE", 3)
    rows = system.rows(
        "SELECT run_id FROM run WHERE requested_by = 'test' AND starts_with(job_id, 'ACT-2026')"
        " ORDER BY requested_at DESC, run_id DESC"
    )
    found = walk(read, client, "/runs?action=ACT-2026&requested_by=test")
    assert found == [str(row["run_id"]) for row in rows]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("within=soon", "soon"),
        ("within=0", "0"),
        ("within=99999999999999", "99999999999999"),
        ("within=%D9%A3", "٣"),
        ("action=%00", "�"),
        ("requested_by=" + "x" * 201, "x" * 80),
    ],
)
def test_invalid_searches_are_ignored_and_reported(client, read, query, told):
    page = read(client, f"/runs?{query}")
    assert told in page.text
    assert [link for link in page.links if link.startswith("/runs/")]


def test_a_percent_sign_is_not_a_wildcard(client, read):
    assert "No run matches your search" in read(client, "/runs?action=%25").text
