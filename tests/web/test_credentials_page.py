"""Credentials: those that may still be valid with the time they have left, and the ended ones."""

import re
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from app.procurement.labels import lasting
from app.web.views import issued_credentials

pytestmark = pytest.mark.whole_system

ALIVE = """
    SELECT * FROM credential
    WHERE revoked_at IS NULL AND expires_at > now() AND issued_at > now() - interval '15 minutes'
"""


@pytest.fixture
def long_pages(monkeypatch):
    """All that may still be valid on the first page, however much the tests before this one left behind."""
    monkeypatch.setattr(issued_credentials, "PAGE", 5_000)


@pytest.fixture
def issued(system, triaged):
    """Makes credentials of a run at the moment of the test, which no vault knows: `issued("ledger", minutes=3)`."""
    run_id = triaged["ACT-2026-0001"]
    (attempt,) = system.rows("SELECT max(number) AS number FROM attempt WHERE run_id = %s", run_id)
    made = []

    def make(tool, *, minutes, ago="0 minutes", kind="signed-token"):
        made.append(uuid4())
        system.execute(
            "INSERT INTO credential SELECT (jsonb_populate_record(c, jsonb_build_object('credential_id', %s::uuid, 'tool',"
            " %s::text, 'kind', %s::text, 'request_id', gen_random_uuid(), 'fingerprint', %s::text, 'revoked_at', NULL,"
            " 'ended_by', NULL, 'issued_at', now() - %s::interval, 'expires_at', now() + %s * interval '1 minute'))).*"
            " FROM credential AS c WHERE run_id = %s AND attempt = %s LIMIT 1",
            *(made[-1], tool, kind, made[-1].hex * 2, ago, minutes, run_id, attempt["number"]),
        )
        return made[-1]

    yield make
    system.execute("DELETE FROM credential WHERE credential_id = ANY(%s)", made)


def shown(page):
    """The beginnings of the fingerprints on the page, in their order."""
    return re.findall(r"fingerprint <code[^>]*>([0-9a-f]{16})", page.html)


@pytest.mark.usefixtures("long_pages")
def test_those_that_may_still_be_valid_come_first_with_the_time_they_have_left(client, read, system, issued):
    late, soon = issued("ledger", minutes=9), issued("sam-gov", minutes=2)
    alive = {row["fingerprint"][:16]: row for row in system.rows(ALIVE)}
    page = read(client, "/credentials")
    found = [each for each in shown(page) if each in alive]
    assert found == sorted(found, key=lambda each: alive[each]["expires_at"])
    assert found.index(soon.hex[:16]) < found.index(late.hex[:16])
    lefts = [int(each["data-left"]) for each in page.all("span") if "data-left" in each]
    left = next(each for each in lefts if 500 < each <= 540)
    assert lasting(timedelta(seconds=left)) in page.text or lasting(timedelta(seconds=left + 1)) in page.text


def test_each_system_has_its_number_and_its_next_end(client, read, system, issued, until):
    issued("ledger", minutes=9)

    def agree():
        page = read(client, "/credentials")
        number = Counter(row["tool"] for row in system.rows(ALIVE))["ledger"]
        return page if re.search(rf"Financial obligations {number} ?next end in", page.text) else None

    assert "/credentials?tool=ledger" in until(agree, what="the page and the rows agree").links


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("state=any&tool=ledger", "tool = 'ledger'"),
        ("state=any&kind=api-key", "kind = 'api-key'"),
        ("state=any&within=1", "issued_at > now() - interval '1 day'"),
        ("state=ended&sort=-issued", "NOT (revoked_at IS NULL AND expires_at > now())"),
        (
            "state=ended&tool=contracts",
            "tool = 'contracts' AND NOT (revoked_at IS NULL AND expires_at > now())",
        ),
    ],
)
def test_filters_keep_what_matches_newest_first(  # noqa: PLR0917  # fixtures
    client, read, system, issued, until, query, test
):
    issued("ledger", minutes=9, ago="1 minute")
    address = f"/credentials?{query}"
    query = f"SELECT * FROM credential WHERE {test} ORDER BY issued_at DESC, credential_id DESC LIMIT %s"  # noqa: S608  # text of this test
    assert system.rows(query, 1)

    def agree():  # one may reach its end between the page and the statement
        rows = system.rows(query, issued_credentials.PAGE)
        return shown(read(client, address)) == [row["fingerprint"][:16] for row in rows]

    until(agree, what="the page and the rows agree")


def test_the_credentials_of_a_run_are_found_and_lead_to_it(client, read, system, triaged):
    run_id = triaged["ACT-2026-0002"]
    page = read(client, f"/credentials?state=any&run={run_id}")
    rows = system.rows("SELECT fingerprint FROM credential WHERE run_id = %s", run_id)
    assert sorted(shown(page)) == sorted(row["fingerprint"][:16] for row in rows)
    assert f"/runs/{run_id}#step-4" in page.links


@pytest.mark.parametrize("sort", ["-issued", "end"])
def test_every_credential_is_listed_once(  # noqa: PLR0917  # fixtures
    client, read, system, triaged, monkeypatch, sort
):
    monkeypatch.setattr(issued_credentials, "PAGE", 2)
    run_ids = [triaged[f"ACT-2026-{number:04}"] for number in (1, 2, 3)]
    for run_id in run_ids:
        found, address = [], f"/credentials?state=any&sort={sort}&run={run_id}"
        while address:
            page = read(client, address)
            found += shown(page)
            address = next((link for link in page.links if "after=" in link), None)
        rows = system.rows("SELECT fingerprint FROM credential WHERE run_id = %s", run_id)
        assert sorted(found) == sorted(row["fingerprint"][:16] for row in rows)


def test_what_is_not_a_filter_is_ignored_and_reported(client, read):
    page = read(
        client, "/credentials?tool=canary&kind=canary&run=canary&within=canary&sort=canary&state=canary"
    )
    ignored = page.text[page.text.index("canary") - 200 :]
    for name in ("tool", "kind", "run", "within", "sort", "state"):
        assert re.search(rf"\b{name}\b", ignored), name
    assert ignored.count("canary") >= 6


def test_an_empty_list_says_why_and_leads_on(client, read):
    page = read(client, f"/credentials?run={uuid4()}")
    assert "No credential that matches may still be valid." in page.text
    assert any(link.startswith("/credentials?") and "state=ended" in link for link in page.links)
    assert "No credential matches." in read(client, f"/credentials?state=any&run={uuid4()}").text


def test_no_secret_but_identifiers_only(client, read, system):
    page = read(client, "/credentials?state=any")
    assert "hvs." not in page.html
    assert not re.search(r"eyJ[\w-]{16}", page.html)
