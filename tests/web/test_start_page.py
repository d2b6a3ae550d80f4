"""The start page: open work for each role, numbers that link to what they count, and charts of the last days."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.procurement.federal_time import eastern_day, eastern_midnight
from app.procurement.systems import ISSUING_PATHS, SYSTEMS
from app.reconciliation.verdict import Reconciliation
from app.review.queries import alarms as alarm_pages
from app.review.queries.alarms import AlarmFilter
from app.review.queries.by_day import DayNumbers
from app.review.queries.queue_state import UnconfirmedEnds
from app.review.queries.stack_now import Stack
from app.review.queries.start import StartPage, Waiting
from app.web.views import alarms, start
from tests.web.conftest import REFOUND

pytestmark = pytest.mark.whole_system

PERSONAS = ("officer-a", "auditor-a", "operator-a")
#: Where a number leads that is not the length of a list, or to nothing.
UNCOUNTED = {"", "/alarms", "/stack#ends"}


@pytest.fixture
def home(signed_in, read):
    return lambda persona: read(signed_in(persona), "/")


def figures(document):
    """The numbers of the page by id, and where each leads."""
    figure = r'data-figure="([^"]+)"[^>]*><dt>[^<]+</dt><dd>(?:<a href="([^"]+)">)?([\d,]+)'
    found = re.findall(figure, document.html)
    return {name: (int(number.replace(",", "")), link.replace("&amp;", "&")) for name, link, number in found}


def test_each_role_sees_its_own_work_first(home, triaged):
    order = {persona: list(figures(home(persona))) for persona in PERSONAS}
    assert order["officer-a"][:2] == ["mine", "unassigned-blocking"]
    assert order["operator-a"][:2] == ["alarms", "failed-runs"]
    assert order["auditor-a"][0] == "awaiting-concurrence"
    assert "alarms" not in order["officer-a"]
    assert "mine" not in order["operator-a"]


@pytest.mark.usefixtures("triaged")
@pytest.mark.parametrize("persona", PERSONAS)
def test_each_number_links_to_a_list_of_that_length(signed_in, read, home, until, persona):
    client = signed_in(persona)

    def agree():  # a credential may reach its end between two pages
        shown = figures(home(persona)).values()
        return all(is_long(link, number) for number, link in shown if link not in UNCOUNTED)

    def is_long(link, number):
        page = read(client, link)
        words = {"flags": "(left|flags?)", "credentials": "may still be valid"}.get(
            link[1:].split("?")[0], "runs?"
        )
        return bool(re.search(rf"\b{number:,} ?{words}\b", page.text)) if number else not page.rows[1:]

    until(agree, what="each list as long as its number says")


def test_flags_assigned_to_me_are_listed(signed_in, flagged, read):
    client = signed_in("officer-b")
    (flag_id,) = flagged({"severity": "blocking", "because": "Mine & <mine>."})
    before = figures(read(client, "/"))["mine"][0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"/flags/{flag_id}").text)[1]
    told = {"csrf_token": token, "version": "0", "assignee": "officer-b"}
    assert client.post(f"/flags/{flag_id}/assignment", data=told).status_code == 303
    page = read(client, "/")
    assert figures(page)["mine"][0] == before + 1
    assert f"/flags/{flag_id}" in page.links
    assert "Mine & <mine>." in page.text
    assert "Assigned" in page.named["main"]


def days_of(page, name):
    """The table of one picture: the day, and its numbers."""
    part = page.html[page.html.index(f'id="trend-{name}"') :]
    rows = re.findall(r'<tr><th scope="row">([\d-]+)</th>((?:<td class="number">[\d,]+</td>)+)</tr>', part)[
        :14
    ]
    return {day: [int(n.replace(",", "")) for n in re.findall(r">([\d,]+)<", cells)] for day, cells in rows}


def test_charts_equal_the_counts_by_eastern_day(system, home, triaged):
    page = home("officer-a")
    today = eastern_day(datetime.now(UTC))
    for name, table, column in (
        ("runs", "run", "requested_at"),
        ("credentials", "credential", "issued_at"),
        ("flags", "flag", "raised_at"),
    ):
        told = days_of(page, name)
        assert list(told) == [str(today - timedelta(days=back)) for back in reversed(range(14))]
        first = "WHERE previous IS NULL" if table == "flag" else ""  # a fact counts once
        rows = system.rows(f"SELECT {column} AS at FROM {table} {first}")  # noqa: S608  # names from above
        for day, numbers in told.items():
            assert numbers[0] == sum(str(eastern_day(row["at"])) == day for row in rows), (name, day)
    assert f"{sum(n[0] for n in days_of(page, 'runs').values()):,} in 14 days" in page.html


def test_what_is_over_is_counted_once_and_today_each_time(system):
    now = datetime.now(UTC)
    days = [eastern_day(now) - timedelta(days=back) for back in (3, 2, 1, 0)]
    numbers = DayNumbers()

    def runs(of):
        with system.sessions() as db:
            return of.of(db, days, now)["runs"]

    def add(at):
        run_id = uuid4()
        system.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, finished_at)"
            " SELECT %s, min(action_id), 'failed', 0, 'test', %s, now() FROM action",
            *(run_id, at),
        )
        return run_id

    before, added = runs(numbers), []
    try:
        added += [add(eastern_midnight(days[0]) + timedelta(hours=12)), add(now)]
        assert runs(numbers) == [*before[:3], before[3] + 1]
        assert runs(DayNumbers()) == [before[0] + 1, *before[1:3], before[3] + 1]
    finally:
        system.execute("DELETE FROM run WHERE run_id = ANY(%s)", added)


def test_a_flag_counts_as_closed_on_the_day_it_was_closed(signed_in, client, flagged, read):
    def closed():
        return [numbers[1] for numbers in days_of(read(client, "/"), "flags").values()]

    (flag_id,) = flagged({"rule": "E01"})
    before = closed()
    for persona, form, fields in (
        ("officer-a", "decision", {"decision": "not_a_discrepancy", "rationale": "Another firm."}),
        ("officer-b", "concurrence", {"answer": "concur", "second-reason": "So it is."}),
    ):
        assert closed() == before, "not closed before the second person concurs"
        officer = signed_in(persona)
        page = officer.get(f"/flags/{flag_id}").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        version = re.search(r'name="version" value="(\d+)"', page)[1]
        told = {"csrf_token": token, "version": version, **fields}
        assert officer.post(f"/flags/{flag_id}/{form}", data=told).status_code == 303
    after = closed()
    assert sum(after) == sum(before) + 1
    assert after[-2:] != before[-2:], "today, or yesterday at midnight"


def test_a_fact_that_is_found_and_closed_again_counts_once(system, signed_in, client, flagged, read):
    def counted():
        return [sum(day) for day in zip(*days_of(read(client, "/"), "flags").values(), strict=True)]

    def close(flag_id):
        page = officer.get(f"/flags/{flag_id}").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        told = {
            "csrf_token": token,
            "version": "0",
            "decision": "not_a_discrepancy",
            "rationale": "Same firm.",
        }
        assert officer.post(f"/flags/{flag_id}/decision", data=told).status_code == 303

    officer, before = signed_in("officer-a"), counted()
    (flag_id,) = flagged({})
    close(flag_id)
    once = [before[0] + 1, before[1] + 1]
    assert counted() == once
    close(refind(system, flag_id))
    assert counted() == once


def refind(system, flag_id):
    """The same flag in a later run."""
    run_id, found = uuid4(), uuid4()
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, started_at, finished_at)"
        " SELECT %s, action_id, 'completed', 1, 'test', now(), now(), now() FROM flag WHERE flag_id = %s",
        *(run_id, flag_id),
    )
    system.execute(REFOUND, *(found, run_id, flag_id))
    return found


def test_only_permitted_roles_see_alarms(system, signed_in, client, read):
    ids = [uuid4() for _ in range(7)]
    for number, alarm_id in enumerate(ids):
        system.execute(
            "INSERT INTO alarm (alarm_id, kind, detail, raised_at) VALUES (%s, 'introduction refused', %s,"
            " now() + make_interval(secs => %s))",
            alarm_id,
            f"detail {number} <b>",
            number,
        )
    try:
        operator = signed_in("operator-a")
        page = read(operator, "/")
        number, link = figures(page)["alarms"]
        assert link == "/alarms"
        assert number == len(system.rows("SELECT 1 FROM alarm WHERE state <> 'closed'"))
        assert "detail 6 <b>" in page.text
        assert "detail 6" not in read(client, "/").text
        assert client.get("/alarms").status_code == 403
        assert f"{number} alarms" in read(operator, "/stack").text
        assert "/alarms" in read(operator, "/stack").links
        assert "/alarms" not in read(client, "/stack").links
    finally:
        system.execute("DELETE FROM alarm WHERE alarm_id = ANY(%s)", ids)


def test_every_alarm_is_listed_newest_first_with_its_run(system, signed_in, read, triaged, monkeypatch):
    monkeypatch.setattr(alarms, "PAGE", 2)
    run_id = triaged["ACT-2026-0001"]
    ids = [uuid4() for _ in range(5)]
    for number, alarm_id in enumerate(ids):
        system.execute(
            "INSERT INTO alarm (alarm_id, run_id, attempt, kind, detail, raised_at)"
            " VALUES (%s, %s, 1, 'introduction refused', %s, now() + make_interval(secs => %s))",
            alarm_id,
            run_id,
            f"detail {number}",
            number,
        )
    try:
        found, address, auditor = [], "/alarms", signed_in("auditor-a")
        while address:
            page = read(auditor, address)
            found += [row[3] for row in page.rows[1:]]
            address = next((link for link in page.links if "after=" in link), None)
        assert found[:5] == [f"detail {number}" for number in (4, 3, 2, 1, 0)]
        assert len(found) == len(system.rows("SELECT 1 FROM alarm WHERE state <> 'closed'"))
        assert f"/runs/{run_id}" in read(auditor, "/alarms").links
        assert "no more alarms" in read(auditor, f"/alarms?after={uuid4()}").text
    finally:
        system.execute("DELETE FROM alarm WHERE alarm_id = ANY(%s)", ids)


class Empty:
    """Read models of an empty database."""

    def start(self, *, subject, with_alarms, with_stack, now):  # noqa: ARG002  # asked by name
        days = [eastern_day(now) - timedelta(days=back) for back in reversed(range(14))]
        return StartPage(
            waiting=Waiting(all=0, mine=0, unassigned_blocking=0, awaiting_concurrence=0, not_checked=0),
            runs={},
            stack=Stack(
                now=now,
                oldest_waiting=None,
                alive={},
                issued={},
                denied=0,
                refused_logins=0,
                read_until=None,
                workers=(),
                unconfirmed=UnconfirmedEnds(attempts=0, credentials=0, oldest=None, problem=None),
                heartbeats=(),
            )
            if with_stack
            else None,
            mine=(),
            done=(),
            alarms=0 if with_alarms else None,
            newest_alarms=(),
            days=days,
            by_day={name: [0] * 14 for name in ("raised", "closed", "runs", "credentials")},
        )

    def alarms(self, *_, **__):
        return ()


@pytest.mark.parametrize(
    ("persona", "told"),
    [
        ("officer-a", ("the queue is empty", "None in these 14 days.", "No flag has been decided")),
        ("operator-a", ("No open alarm is on record.", "No background process has reported.")),
        ("auditor-a", ("No open alarm is on record.", "No flag has been decided")),
    ],
)
def test_an_empty_start_is_helpful(with_queries, read, persona, told):
    page = read(with_queries(Empty(), persona=persona), "/")
    for text in told:
        assert text in page.text


@pytest.mark.parametrize("missing", [[], ["one log is not read"]])
def test_the_start_of_an_operator_says_how_the_last_minutes_compare(signed_in, read, monkeypatch, missing):
    at = datetime.now(UTC)
    found = Reconciliation(
        since=at, until=at, issued=1234, used=1233, recorded=1234, leftovers=[], missing=missing
    )
    monkeypatch.setattr(start, "reconcile_lately", lambda *_: found)
    page = read(signed_in("operator-a"), "/")
    assert ("? Not established" in page.text, "✓ Pass" in page.text) == (bool(missing), not missing)
    assert "the vault issued 1,234 credentials, tools saw 1,233, and 1,234 are recorded here" in page.text
    assert all(premise in page.text for premise in missing)
    monkeypatch.setattr(start, "reconcile_lately", lambda *_: None)
    assert "Not all logs of vault and tools have been read." in read(signed_in("auditor-a"), "/").text
    assert "tools saw" not in read(signed_in("officer-a"), "/").text


def test_no_open_alarm_is_stated_as_what_is_on_record(with_queries, read):
    assert "No open alarm is on record." in read(with_queries(Empty(), persona="operator-a"), "/alarms").text


def test_numbers_of_alarms_come_from_one_place(system):
    with system.sessions() as db:
        assert alarm_pages.number(db) == len(
            alarm_pages.lines(db, AlarmFilter(states=alarm_pages.NOT_CLOSED), after=None, limit=10_000)
        )


@pytest.mark.parametrize("persona", [*PERSONAS, "visitor-a"])
def test_help_is_for_everyone_who_is_signed_in(signed_in, read, persona):
    page = read(signed_in(persona), "/help")
    for text in (
        "Blocking",
        "Not a discrepancy",
        "A run starts",
        "The next run gets new ones",
        "15 min",
        "12 h",
    ):
        assert text in page.text
    assert "E01 and F03 close only if a second officer concurs" in page.text


def test_help_gives_the_session_times_of_this_installation(client_of, read):
    page = read(client_of(session_idle=600, session_lifetime=7200, second_person=frozenset()), "/help")
    assert "A session ends 10 min after you last did something, and 2 h after you signed in" in page.text
    assert "second officer concurs." not in page.text


def rows_of(page, first):
    """The rows of the table whose first column has this head, by their heads."""
    start = next(number for number, row in enumerate(page.rows) if row[0] == first)
    found = {}
    for row in page.rows[start + 1 :]:
        if len(row) != len(page.rows[start]):
            break
        found[row[0]] = row[1:]
    return found


@pytest.mark.usefixtures("triaged")
def test_operators_see_what_was_issued_and_refused_in_the_last_hour(home, system, until):
    alive = """
        SELECT tool, count(*) AS number FROM credential
        WHERE revoked_at IS NULL AND expires_at > now() AND issued_at > now() - interval '15 minutes' GROUP BY tool
    """
    issued = """
        SELECT path, count(*) AS number FROM vault_event
        WHERE kind = 'issued' AND at > now() - interval '1 hour' GROUP BY path
    """
    refused = """
        SELECT count(*) FILTER (WHERE kind = 'denied') AS requests, count(*) FILTER (WHERE kind = 'login-refused') AS logins
        FROM vault_event WHERE at > now() - interval '1 hour'
    """

    def agree():
        rows = rows_of(page := home("operator-a"), "System")
        assert list(rows)[: len(SYSTEMS)] == [each.label for each in SYSTEMS]
        of_vault = {ISSUING_PATHS.get(row["path"]): row["number"] for row in system.rows(issued)}
        of_records = {row["tool"]: row["number"] for row in system.rows(alive)}
        (numbers,) = system.rows(refused)
        words = f"{numbers['requests']} requests? of (a run|runs), {numbers['logins']} sign-ins?"
        return re.search(words, page.text) and all(
            (rows[each.label][0].split()[0], rows[each.label][2])
            == (str(of_records.get(each.name, 0)), str(of_vault[each.name]))
            for each in SYSTEMS
        )

    until(agree, what="the page and the rows agree")
    assert "/audit?outcome=refused" in home("operator-a").links
    assert "Credentials and workers now" not in home("auditor-a").text


def test_operators_see_each_worker_with_what_it_holds(home, system, held, submitted, until):
    action_id, name = submitted(), "far-away:4711"
    run_id = held(action_id)
    system.execute(
        "INSERT INTO attempt (run_id, number, state, dispatched_at, claimed_at, lease_until, worker,"
        " secret_id_accessor, wrapping_accessor)"
        " VALUES (%s, 1, 'running', now(), now(), now() + interval '1 hour', %s, 'a', 'b')",
        run_id,
        name,
    )
    try:
        rows = rows_of(home("operator-a"), "Worker")
        assert rows["process 4711 on far-away"] == ["1", "0", "Switch off worker far-away:4711"]
        reported = system.rows("SELECT host, reporter FROM clock WHERE process = 'worker'")
        assert reported
        assert {f"process {row['reporter']} on {row['host']}" for row in reported} & rows.keys()
    finally:
        system.execute("DELETE FROM attempt WHERE run_id = %s", run_id)
    until(
        lambda: "process 4711 on far-away" not in rows_of(home("operator-a"), "Worker"),
        what="a list without it",
    )


@pytest.mark.usefixtures("triaged")
def test_operators_see_how_far_the_logs_have_been_read(home, until):
    until(
        lambda: re.search(
            r"The logs of vault and tools have been read up to .* ago\.", home("operator-a").text
        ),
        what="the time to which all logs have been read",
    )
