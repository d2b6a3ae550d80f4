"""The vault's log, searched across runs: by page, by API, by export, each compared with a statement of this test."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest

from app.credentials.vault_answer import AnswerKind
from app.procurement.federal_time import eastern
from app.review.queries import log_lines as lines_read
from app.web.views import log_lines

pytestmark = pytest.mark.whole_system

LEDGER = "database/creds/ledger-reader"


@pytest.fixture
def auditor(signed_in):
    return signed_in("auditor-a")


@pytest.fixture(scope="module")
def recorded(system, triaged, until):
    """A run whose lines are all recorded: its identity, its credentials, and the end of its token."""
    run_id = triaged["ACT-2026-0001"]
    rows = "SELECT kind FROM vault_event WHERE run_id = %s"
    wanted = {"minted", "unwrapped", "logged-in", "issued", "revoked"}
    until(
        lambda: wanted <= {row["kind"] for row in system.rows(rows, run_id)},
        what="the record of a whole run",
    )
    return run_id


@pytest.fixture
def lines(system):
    """Adds lines to the record, of which the sweeper has nothing to judge or to end: `lines(kind=…, at=…)`."""
    word, made = f"search-{uuid4().hex[:8]}", []
    numbers = count(-(uuid4().int >> 68))

    def make(**fields):
        made.append(f"{word}-{len(made)}")
        now = datetime.now(UTC)
        row = {
            "number": next(numbers),
            "request_id": made[-1],
            "kind": "login-refused",
            "at": now,
            "ended_at": now,
        }
        row |= {"path": "auth/approle/login", **fields}
        system.execute(
            f"INSERT INTO vault_event ({', '.join(row)}) OVERRIDING SYSTEM VALUE"  # noqa: S608  # names of this test
            f" VALUES ({', '.join(['%s'] * len(row))})",
            *row.values(),
        )
        return made[-1]

    yield make
    system.execute("DELETE FROM vault_event WHERE request_id = ANY(%s)", made)


@pytest.fixture
def long_pages(monkeypatch):
    """Much on the first page."""
    monkeypatch.setattr(log_lines, "PAGE", 1_000)


@pytest.fixture
def program(client_of, tokens_of):
    """Reads the API: `program("auditor-a", "?run=…")`."""
    client = client_of(persona=None)

    def get(persona, query="", *, status=200):
        headers = {"Authorization": f"Bearer {tokens_of(persona)['access_token']}"}
        address = query if query.startswith("/") else f"/api/v1/vault-log{query}"
        answer = client.get(address, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json

    return get


def shown(page):
    """The request ids on the page, in its order."""
    return re.findall(r"request <a [^>]*><code>([^<]+)</code>", page.html)


def expected(system, test="true", *values, limit=1_000):
    """The request ids of the newest matching lines, by a statement of this test."""
    query = f"SELECT request_id FROM vault_event WHERE {test} ORDER BY at DESC, number DESC LIMIT %s"  # noqa: S608  # text of this test
    return [row["request_id"] for row in system.rows(query, *values, limit)]


def local(moment):
    """As a browser writes it: Washington's clock."""
    return eastern(moment).replace(tzinfo=None).isoformat(timespec="seconds")


@pytest.mark.usefixtures("long_pages", "recorded")
@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("", "true"),
        ("tool=ledger", f"path = '{LEDGER}'"),
        ("tool=contracts&outcome=answered", "path = 'auth/token/create/contracts' AND kind = 'issued'"),
        *((f"kind={kind}", f"kind = '{kind}'") for kind in AnswerKind),
        ("outcome=answered", "kind NOT IN ('denied', 'login-refused', 'broken-off')"),
        ("outcome=refused", "kind IN ('denied', 'login-refused')"),
        ("outcome=error", "kind = 'broken-off'"),
        ("tool=ledger&kind=minted", "false"),
        ("kind=issued&outcome=refused", "false"),
        ("text=auth/approle/login", "path = 'auth/approle/login'"),
    ],
)
def test_filters_keep_what_matches_newest_first(  # noqa: PLR0917  # fixtures
    auditor, read, system, lines, until, query, test
):
    lines()
    lines(kind="broken-off", path=LEDGER)
    lines(kind="denied", path=LEDGER)
    # A run of another test may be recorded between the page and the statement.
    until(
        lambda: shown(read(auditor, f"/audit?{query}")) == expected(system, test),
        what="the page and the rows agree",
    )


@pytest.mark.usefixtures("long_pages")
def test_a_time_ends_before_its_end(auditor, read, lines):
    moment = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
    address = "198.51.100.78"
    early, first, last, late = (
        lines(at=moment + timedelta(seconds=seconds), run_id=None, remote_address=address)
        for seconds in (-1, 0, 59, 60)
    )
    since, until = local(moment), local(moment + timedelta(minutes=1))
    assert shown(read(auditor, f"/audit?since={since}&until={until}")) == [last, first]
    assert shown(read(auditor, f"/audit?until={since}&text={address}")) == [early]
    assert shown(read(auditor, f"/audit?since={until}&text={address}")) == [late]
    assert f'value="{since}"' in read(auditor, f"/audit?since={since}").html


@pytest.mark.usefixtures("long_pages")
def test_an_hour_that_the_clock_shows_twice_is_one_time_as_a_whole(auditor, read, lines):
    shown_twice = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6)]
    both = [lines(at=moment) for moment in shown_twice]
    page = read(auditor, "/audit?since=2026-11-01T01:00&until=2026-11-01T01:59")
    assert shown(page) == both[::-1]


def test_a_time_that_the_clock_leaves_out_is_ignored(auditor, read):
    page = read(auditor, "/audit?since=2026-03-08T02:30")
    assert "“2026-03-08T02:30”" in page.text


@pytest.mark.parametrize(
    "column", ["request_id", "accessor", "token_accessor", "secret_id_accessor", "lease_id", "service_user"]
)
@pytest.mark.usefixtures("long_pages")
def test_each_identifier_finds_every_line_that_has_it(  # fixtures
    auditor, read, system, recorded, column
):
    rows = system.rows(
        f"SELECT DISTINCT {column} AS value FROM vault_event WHERE run_id = %s AND {column} IS NOT NULL",  # noqa: S608  # text of this test
        recorded,
    )
    assert rows
    names = ("request_id", "accessor", "token_accessor", "secret_id_accessor", "lease_id", "service_user")
    test = " OR ".join(f"{name} = %s" for name in names)
    for value in (row["value"] for row in rows):
        found = expected(system, test, *[value] * len(names))
        assert shown(read(auditor, f"/audit?text={value}")) == found
        if column not in {"request_id", "lease_id"}:
            assert shown(read(auditor, f"/audit?identity={value}")) == found
        else:
            assert shown(read(auditor, f"/audit?identity={value}")) == []


@pytest.mark.usefixtures("long_pages")
def test_an_address_is_found_and_all_filters_together_keep_what_matches_all(auditor, read, system, lines):
    run_id, other = uuid4(), "198.51.100.77"
    wanted = lines(
        kind="issued", path=LEDGER, run_id=run_id, remote_address=other, token_accessor="asked-here"
    )
    lines(kind="issued", path=LEDGER, run_id=run_id, remote_address=other, token_accessor="asked-elsewhere")
    lines(kind="issued", path=LEDGER, run_id=run_id, remote_address="192.0.2.1", token_accessor="asked-here")
    lines(remote_address=other)
    assert shown(read(auditor, f"/audit?text={other}")) == expected(system, "remote_address = %s", other)
    query = f"text={other}&identity=asked-here&run={run_id}&tool=ledger&kind=issued&outcome=answered"
    page = read(auditor, f"/audit?{query}")
    assert shown(page) == [wanted]
    assert "a run that is not recorded" in page.text


@pytest.mark.parametrize("query", ["", "kind=issued", "text=127.0.0.1", "outcome=answered&tool=ledger"])
def test_every_line_is_listed_once(  # noqa: PLR0917  # fixtures
    auditor, read, system, recorded, monkeypatch, query
):
    monkeypatch.setattr(log_lines, "PAGE", 2)
    found, address = [], f"/audit?run={recorded}&{query}"
    while address:
        page = read(auditor, address)
        assert len(shown(page)) <= 2
        found += shown(page)
        address = next((link for link in page.links if "before=" in link), None)
    tests = {"kind=issued": "kind = 'issued'", "outcome=answered&tool=ledger": f"path = '{LEDGER}'"}
    assert found == expected(system, f"run_id = %s AND {tests.get(query, 'true')}", recorded)
    assert len(set(found)) == len(found)


@pytest.mark.usefixtures("long_pages")
def test_each_line_leads_to_its_run_and_its_credential_and_back(auditor, read, system, recorded):
    page = read(auditor, f"/audit?run={recorded}")
    assert {f"/runs/{recorded}#step-{step}" for step in (1, 2, 4, 6)} <= set(page.links)
    credentials = system.rows("SELECT credential_id, request_id FROM credential WHERE run_id = %s", recorded)
    assert credentials
    listed = read(auditor, f"/credentials?state=any&run={recorded}")
    names = {each["id"] for each in listed.all("span") if "id" in each}
    for row in credentials:
        name = f"credential-{row['credential_id']}"
        assert f"/credentials?state=any&run={recorded}#{name}" in page.links
        assert name in names
        assert f"/audit?text={row['request_id']}" in listed.links
    assert f"/audit?run={recorded}" in read(auditor, f"/runs/{recorded}").links


@pytest.mark.usefixtures("recorded")
def test_the_page_says_from_when_the_record_reaches_and_how_far_the_log_was_read(
    auditor, read, system, lines, until
):
    lines(at=datetime(2025, 5, 6, 12, 0, tzinfo=UTC))
    assert "The record reaches back to 2025-05-06 08:00:00 EDT" in read(auditor, "/audit").text
    (before,) = system.rows("SELECT seen_at FROM heartbeat WHERE process = 'sweeper'")

    def goes_on():
        page = read(auditor, "/audit").text
        found = re.search(r"The log has been read up to \S+ \S+ \S+ \((\S+) UTC\)", page)
        return found and found[1] != f"{before['seen_at']:%H:%M:%S}"

    until(goes_on, what="a later time of reading")


def test_what_is_not_a_filter_is_ignored_and_reported(auditor, read):
    names = ("since", "until", "run", "tool", "kind", "outcome", "before")
    page = read(auditor, "/audit?" + "&".join(f"{name}=canary" for name in names))
    ignored = page.text[page.text.index("was not understood") :][:600]
    for name in names:
        assert re.search(rf"\b{name}\b", ignored), name
    for name in ("text", "identity"):
        assert f"{name}:" in read(auditor, f"/audit?{name}={'x' * 201}").text
    assert auditor.get("/audit.jsonl?kind=canary").status_code == 400


def test_an_empty_list_says_why_and_leads_on(auditor, read, lines):
    page = read(auditor, f"/audit?text={uuid4()}")
    assert "No line matches. Identifiers, paths and addresses must be complete." in page.text
    only = lines()
    assert "There are no more lines in this list." in read(auditor, f"/audit?text={only}&before=0").text


@pytest.mark.usefixtures("recorded", "long_pages")
def test_no_secret_but_identifiers_only(auditor, read):
    page = read(auditor, "/audit")
    assert "hvs." not in page.html
    assert not re.search(r"eyJ[\w-]{16}", page.html)


def test_people_who_only_review_do_not_see_it(client, read, recorded):
    assert client.get("/audit").status_code == 403
    assert client.get("/audit.jsonl").status_code == 403
    for address in ("/stack", f"/runs/{recorded}", f"/credentials?state=any&run={recorded}"):
        assert not [link for link in read(client, address).links if link.startswith("/audit")], address


def test_the_api_has_the_same_lines_a_page_at_a_time(program, system, recorded):
    found, where = [], f"?run={recorded}&limit=2"
    while where:
        answer = program("operator-a", where)
        found += answer["items"]
        where = answer["next"]
    assert [each["request_id"] for each in found] == expected(system, "run_id = %s", recorded)
    issued = next(each for each in found if each["tool"] == "ledger")
    (credential,) = system.rows("SELECT * FROM credential WHERE run_id = %s AND tool = 'ledger'", recorded)
    assert issued["credential_id"] == str(credential["credential_id"])
    assert issued["lease_id"] == credential["lease_id"]
    assert issued["action_id"] == "ACT-2026-0001"
    assert (issued["kind"], issued["outcome"]) == ("issued", "answered")


def test_the_api_filters_by_every_field_and_refuses_what_is_none(program, lines):
    at = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
    first = lines(at=at, kind="broken-off", path=LEDGER, service_user="v-somebody")
    lines(at=at, kind="issued", path=LEDGER)
    query = (
        "?since=2026-03-02T15:04:05Z&until=2026-03-02T15:04:06Z&tool=ledger&kind=broken-off&outcome=error"
        f"&identity=v-somebody&text={first}"
    )
    assert [each["request_id"] for each in program("auditor-a", query)["items"]] == [first]
    for name in ("since", "until", "run", "tool", "kind", "outcome", "before", "limit", "canary"):
        assert program("auditor-a", f"?{name}=canary", status=400)["errors"][0]["field"] == name
    program("officer-a", status=403)


@pytest.mark.parametrize("query", ["", "kind=issued", "tool=ledger&outcome=answered"])
def test_the_export_has_every_line_of_the_list_and_is_recorded(  # noqa: PLR0917  # fixtures
    signed_in, program, system, recorded, monkeypatch, query
):
    monkeypatch.setattr(lines_read, "_CHUNK", 2)
    query = f"run={recorded}&{query}".rstrip("&")
    answer = signed_in("operator-a").get(f"/audit.jsonl?{query}")
    assert answer.status_code == 200
    assert answer.content_type == "application/jsonl"
    assert re.search(r'filename="vault-log-\w+\.jsonl"', answer.headers["Content-Disposition"])
    exported = [json.loads(line) for line in answer.text.splitlines()]
    assert exported
    assert exported == program("operator-a", f"?{query}&limit=200")["items"]
    (row,) = system.rows(
        "SELECT * FROM export_record WHERE kind = 'vault-log.jsonl' ORDER BY at DESC LIMIT 1"
    )
    assert (row["by"], row["query"], row["bytes"]) == ("operator-a", query, len(answer.data))
    (event,) = system.rows(
        "SELECT * FROM security_event WHERE action = 'export the vault log' ORDER BY number DESC LIMIT 1"
    )
    assert (event["person"], event["outcome"]) == ("operator-a", "succeeded")
