"""The queue shows what the database holds, filtered and counted, a page at a time."""

import re

import pytest

from app.web.views import flags, runs

pytestmark = pytest.mark.usefixtures("triaged")

CURRENT = """
    SELECT d.* FROM discrepancy d WHERE d.run_id IN (
        SELECT DISTINCT ON (action_id) run_id FROM run WHERE state = 'completed'
        ORDER BY action_id, finished_at DESC, run_id)
"""


@pytest.fixture
def long_pages(monkeypatch):
    """Everything on the first page, however much the tests before this one left behind."""
    for view in (flags, runs):
        monkeypatch.setattr(view, "PAGE", 5_000)


def ids(document, kind="flags"):
    return [
        link.rsplit("/", 1)[1] for link in document.links if re.fullmatch(rf"/{kind}/[0-9a-f-]{{36}}", link)
    ]


def walk(read, client, address, kind="flags"):
    """The ids on all pages of a list, by its own links to the next page."""
    found = []
    while address:
        document = read(client, address)
        found += ids(document, kind)
        address = next((link for link in document.links if "after=" in link), None)
    return found


def test_every_current_finding_is_listed_once_blocking_first(system, client, read, monkeypatch):
    monkeypatch.setattr(flags, "PAGE", 4)
    found = walk(read, client, "/flags")
    severities = {str(row["discrepancy_id"]): row["severity"] for row in system.rows(CURRENT)}
    assert sorted(found) == sorted(severities)
    assert len(found) > 4
    ordered = [severities[each] for each in found]
    assert ordered == sorted(ordered, key=("blocking", "advisory").index)


@pytest.mark.usefixtures("long_pages")
def test_a_line_names_action_amount_and_reason(system, client, read, findings, triaged):
    (flag,) = findings(triaged["ACT-2026-0002"], "R01")
    (line,) = [row for row in read(client, "/flags?rule=R01").rows if flag["because"] in " ".join(row)]
    action = system.rows("SELECT * FROM action WHERE action_id = 'ACT-2026-0002'")[0]
    for told in ("■ Blocking", "ACT-2026-0002", action["piid"], f"${action['amount']:,.2f}", "UTC)"):
        assert told in " ".join(line)


@pytest.mark.parametrize(
    "asked", ["severity=blocking", "severity=advisory", "rule=D01", "rule=R01&severity=blocking"]
)
def test_filters_keep_what_matches(system, client, read, asked):
    wanted = dict(part.split("=") for part in asked.split("&"))
    rows = [row for row in system.rows(CURRENT) if all(row[name] == value for name, value in wanted.items())]
    assert sorted(walk(read, client, f"/flags?{asked}")) == sorted(str(row["discrepancy_id"]) for row in rows)


def test_each_filter_tells_how_many_it_would_keep(system, client, read):
    rows = system.rows(CURRENT)
    text = read(client, "/flags?severity=blocking").text
    for severity in ("blocking", "advisory"):
        assert f"{severity.capitalize()} {sum(row['severity'] == severity for row in rows)}" in text
    for rule, title in flags._RULES.items():
        number = sum((row["rule"], row["severity"]) == (rule, "blocking") for row in rows)
        assert f"{rule} {title} {number}" in text


def test_a_filter_that_is_set_is_marked_and_kept_by_the_other(client, read):
    document = read(client, "/flags?rule=D01&severity=blocking")
    marked = [a["href"] for a in document.all("a") if a.get("aria-current") == "true"]
    assert marked == ["/flags?severity=blocking&rule=D01"] * 2
    assert "/flags?severity=advisory&rule=D01" in document.links


class Empty:
    """A database in which nothing has happened yet."""

    def flags(self, **_):
        return []

    def flag_counts(self):
        return {}

    def runs(self, **_):
        return []

    def run_counts(self):
        return {}


@pytest.mark.parametrize(
    ("address", "help_", "way_on"),
    [
        ("/flags", "triage submit FILE --run", "/runs"),
        ("/flags?severity=advisory&rule=S01", "No item matches this filter", "/flags"),
        ("/flags?after=00000000-0000-0000-0000-000000000000", "No item comes after", "/flags"),
        ("/runs", "triage submit FILE --run", "/flags"),
        ("/runs?state=failed", "No run is in this state", "/runs"),
        ("/runs?after=00000000-0000-0000-0000-000000000000", "No run comes after", "/runs"),
    ],
)
def test_an_empty_list_says_why_and_what_to_do(with_pages, read, address, help_, way_on):
    document = read(with_pages(Empty()), address)
    assert help_ in document.text
    assert way_on in document.links
    assert not document.rows


def test_every_run_is_listed_once_newest_first(system, client, read, monkeypatch):
    monkeypatch.setattr(runs, "PAGE", 7)
    rows = system.rows("SELECT run_id FROM run ORDER BY requested_at DESC, run_id DESC")
    assert walk(read, client, "/runs", "runs") == [str(row["run_id"]) for row in rows]


def test_runs_by_state_with_their_number(system, client, read, submitted):
    action = submitted()
    system.execute(
        "INSERT INTO run (run_id, action_id, state, attempt, requested_by, requested_at, finished_at, failure)"
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
