"""The queue shows what the database holds: filtered, searched, sorted, counted, a page at a time forward and back."""

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest

from app.procurement.federal_time import eastern, eastern_day
from app.procurement.labels import STATUSES
from app.web.queue_choices import TITLES
from app.web.views import flags

pytestmark = [pytest.mark.whole_system, pytest.mark.usefixtures("triaged")]

CURRENT = """
    SELECT d.* FROM flag d WHERE d.run_id IN (
        SELECT DISTINCT ON (job_id) run_id FROM run WHERE state = 'completed'
        ORDER BY job_id, finished_at DESC, run_id)
"""
NOTHING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def long_pages(monkeypatch):
    """Everything on the first page, however much the tests before this one left behind."""
    monkeypatch.setattr(flags, "PAGE", 5_000)


@pytest.fixture
def two_a_page(monkeypatch):
    """Short pages."""
    monkeypatch.setattr(flags, "PAGE", 2)


@pytest.fixture
def three_a_page(monkeypatch):
    """Pages of half of what `six` makes."""
    monkeypatch.setattr(flags, "PAGE", 3)


def ids(document):
    """The flags of a page in order; a line may also lead to the earlier flag that answers it, which is not of the page."""
    links = [link["href"] or "" for link in document.all("a") if link.get("class") != "before"]
    found = [re.fullmatch(r"/flags/([0-9a-f-]{36})(\?queue=.*)?", link) for link in links]
    return list(dict.fromkeys(each[1] for each in found if each))


def way(document, name):
    """Where a page leads on to: `after` these lines, or `before` them."""
    return next((link for link in document.links if f"{name}=" in link and link.startswith("/flags?")), None)


def walk(read, client, address, name="after"):
    """The ids on each page of a list, by its own links."""
    found = []
    while address:
        document = read(client, address)
        found.append(ids(document))
        address = way(document, name)
        assert len(found) < 500
    return found


def flat(pages):
    return [each for page in pages for each in page]


def test_every_current_flag_is_listed_once_blocking_first(system, client, read, monkeypatch):
    monkeypatch.setattr(flags, "PAGE", 4)
    found = flat(walk(read, client, "/flags?status=any"))
    rows = {str(row["flag_id"]): row for row in system.rows(CURRENT)}
    assert sorted(found) == sorted(rows)
    assert len(found) > 4
    key = [
        (rows[each]["severity"] == "blocking", rows[each]["raised_at"], rows[each]["flag_id"])
        for each in found
    ]
    assert key == sorted(key, reverse=True)


def test_closed_flags_are_hidden_by_default(system, client, read, flagged):
    one, two = flagged({}, {}, because=f"seldom{uuid4().hex}")
    word = system.rows("SELECT because FROM flag WHERE flag_id = %s", one)[0]["because"]
    system.execute("UPDATE flag SET status = 'closed', decision = 'resolved' WHERE flag_id = %s", two)
    page = read(client, f"/flags?q={word}")
    assert ids(page) == [str(one)]
    assert "Closed flags are not shown" in page.text
    assert ids(read(client, f"/flags?q={word}&status=open")) == [str(one)]
    assert ids(read(client, f"/flags?q={word}&status=closed")) == [str(two)]
    assert set(ids(read(client, f"/flags?q={word}&status=any"))) == {str(one), str(two)}


@pytest.fixture
def six(system, flagged):
    """Six flags that one unique word finds, each with another severity, age, assignee or status."""
    word = f"six{uuid4().hex}"
    flags = [{"severity": ("advisory", "blocking")[n % 2], "age": 60 * n, "because": word} for n in range(6)]
    made = [str(each) for each in flagged(*flags)]
    for n, to in ((0, "officer-b"), (1, "officer-a"), (3, "officer-b")):
        system.execute("UPDATE flag SET assignee = %s WHERE flag_id = %s", to, made[n])
    return word, made


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", [1, 3, 5, 0, 2, 4]),
        ("&sort=severity", [1, 3, 5, 0, 2, 4]),
        ("&sort=-raised", [0, 1, 2, 3, 4, 5]),
        ("&sort=raised", [5, 4, 3, 2, 1, 0]),
        ("&sort=assignee", [3, 0, 1, 5, 2, 4]),
        ("&sort=action", [1, 3, 5, 0, 2, 4]),
    ],
)
@pytest.mark.usefixtures("two_a_page")
def test_each_order_forward_and_back(client, read, six, sort, expected):
    word, made = six
    forward = walk(read, client, f"/flags?q={word}{sort}")
    assert [made.index(each) for each in flat(forward)] == expected
    assert [len(page) for page in forward] == [2, 2, 2]
    first = f"/flags?q={word}{sort}"
    second = way(read(client, first), "after")
    third = way(read(client, second), "after")
    assert walk(read, client, third, "before") == forward[::-1]
    assert way(read(client, first), "before") is None


@pytest.mark.usefixtures("three_a_page")
def test_a_cursor_stays_valid_when_flags_come_and_go(system, client, read, six, flagged):
    word, made = six
    address = way(read(client, f"/flags?q={word}&sort=-raised"), "after")
    flagged({"because": word})
    system.execute("UPDATE flag SET status = 'closed' WHERE flag_id = %s", made[2])
    assert ids(read(client, address)) == made[3:]


@pytest.mark.parametrize(
    "asked",
    [
        "severity=blocking",
        "rule=D01",
        "rule=R01&severity=blocking",
        "action_type=option",
        "system=debarment",
        "assignee=nobody&severity=advisory",
        "status=open&system=contracts&action_type=new_award",
    ],
)
@pytest.mark.usefixtures("long_pages")
def test_filters_keep_what_matches(system, client, read, asked):
    def kept(row):
        for name, value in (part.split("=") for part in asked.split("&")):
            has = {"system": value in row["systems"], "assignee": row["assignee"] is None}
            if not has.get(name, row.get(name) == value):
                return False
        return row["status"] != "closed"

    expected = [str(row["flag_id"]) for row in system.rows(CURRENT) if kept(row)]
    assert sorted(ids(read(client, f"/flags?{asked}"))) == sorted(expected)


def test_what_is_late_or_overdue_says_so_and_is_found(system, client, read, six):
    word, (late, open_, overdue, due, old, _) = six
    system.execute(
        "UPDATE flag SET open_since = now() - interval '20 days', severity = 'advisory' WHERE flag_id = ANY(%s)",
        [late, old],
    )
    system.execute("UPDATE flag SET open_since = now() WHERE flag_id = %s", open_)
    for flag_id, days, office in ((overdue, -2, "Legal Counsel"), (due, 3, "Finance Office"), (old, 0, None)):
        system.execute(
            "UPDATE flag SET status = 'referred', decision = 'referred', office = %s, due_on = %s WHERE flag_id = %s",
            office,
            eastern_day(datetime.now(UTC)) + timedelta(days=days) if office else None,
            flag_id,
        )
    page = read(client, f"/flags?q={word}")
    for words in (
        "open 20 days, 5 days past the limit of 15 for advisory flags",
        "to Legal Counsel, 2 days overdue",
        "to Finance Office, due in 3 days",
        "office not named",
    ):
        assert page.text.count(words) == 1, words
    found = read(client, f"/flags?q={word}&late=1")
    assert ids(found) == [str(late)]
    assert "Not decided: in time" in found.text
    assert ids(read(client, f"/flags?q={word}&overdue=1")) == [str(overdue)]
    assert {f"/flags?q={word}&late=1", f"/flags?q={word}&overdue=1"} <= set(page.links)
    assert ids(read(client, f"/flags?q={word}&late=yes&overdue=0")) == ids(page)


def test_filters_by_person_vendor_age_and_words(system, client, read, six, flagged):
    word, made = six
    assert ids(read(client, f"/flags?q={word}&assignee=me")) == [made[1]]
    assert set(ids(read(client, f"/flags?q={word}&assignee=nobody"))) == {made[2], made[4], made[5]}
    page = read(client, f"/flags?q={word}&assignee=officer-b&sort=-raised")
    assert ids(page) == [made[0], made[3]]
    assert "Assigned to: Contracting officer B" in page.text or "Assigned to: officer-b" in page.text
    vendor = [{"uei": "ZZ98WEBTEST2", "name": f'O\'BRIEN & "{word}" <LLC>', "role": "prime", "cage": None}]
    (other,) = flagged({"age": 10 * 86_400}, action={"vendors": vendor})
    link = next(each for each in read(client, f"/flags?q={word}+ZZ98WEBTEST2").links if "vendor=" in each)
    assert ids(read(client, link)) == [str(other)]
    assert ids(read(client, f"{link}&older=9&within=11")) == [str(other)]
    assert ids(read(client, f"{link}&within=9")) == ids(read(client, f"{link}&older=11")) == []
    assert ids(read(client, f"/flags?q=-{word}+{word}")) == []


def test_filters_by_eastern_day(system, client, read, flagged):
    vendor = f"ONLY {uuid4().hex[:8]} LLC"
    made = flagged(
        {}, {}, action={"vendors": [{"uei": "ZZ98WEBTEST1", "name": vendor, "role": "prime", "cage": None}]}
    )
    # The last second of 1 September in Washington, and the first of 2 September.
    for flag_id, raised in zip(made, ("2025-09-02T03:59:59Z", "2025-09-02T04:00:00Z"), strict=True):
        system.execute("UPDATE flag SET raised_at = %s WHERE flag_id = %s", raised, flag_id)
    first, second = map(str, made)

    def found(days):
        return set(ids(read(client, f"/flags?vendor={quote(vendor)}&{days}")))

    assert found("raised_to=2025-09-01") == {first}
    assert found("raised_from=2025-09-02") == {second}
    assert found("raised_from=2025-09-01&raised_to=2025-09-02") == {first, second}
    assert found("raised_from=2025-09-01&within=7") == set()
    page = read(client, f"/flags?vendor={quote(vendor)}&raised_to=2025-09-01&older=7")
    assert "Found to: 2025-09-01" in page.text
    (field,) = [each for each in page.all("input") if each.get("id") == "field-raised_to"]
    assert (field["type"], field["value"]) == ("date", "2025-09-01")
    assert {
        each["name"]: each["value"] for each in page.all("input") if each.get("name") in {"older", "within"}
    } == {"older": "7"}


@pytest.mark.usefixtures("long_pages")
def test_a_line_shows_what_an_officer_needs(system, client, read, findings, triaged):
    (flag,) = findings(triaged["ACT-2026-0002"], "R01")
    action = system.rows("SELECT * FROM action WHERE action_id = 'ACT-2026-0002'")[0]
    page = read(client, f"/flags?rule=R01&q={action['piid']}")
    lines = page.rows
    ours = re.compile(r"ACT-2026-0002(?!-)")  # other tests run copies of it, whose ids go on
    (line,) = [text for text in map(" ".join, lines) if flag["because"] in text and ours.search(text)]
    told = (
        "■ Blocking",
        f"R01 {flag['title']}",
        "ACT-2026-0002",
        flag["because"],
        str(eastern(flag["raised_at"]).date()),
    )
    (concerned,) = [each["name"] for each in action["vendors"] if each["uei"] == flag["subject"]]
    for each in (*told, concerned, "not assigned", STATUSES[flag["status"]], " ago"):
        assert each in line
    # Of three vendors only the one whose registration it is; what else there is to know stands in titles.
    assert [each for each in flag["vendors"] if each in line and each not in flag["because"]] in (
        [],
        [concerned],
    )
    titles = " ".join(each["title"] or "" for each in page.all("td", "th", "time") if "title" in each)
    for each in (action["piid"], f"${action['amount']:,.2f}", f"{flag['title']}: {flag['because']}", " UTC"):
        assert each in titles


@pytest.mark.usefixtures("long_pages")
def test_each_filter_value_shows_its_count(system, client, read):
    rows = [row for row in system.rows(CURRENT) if row["status"] != "closed"]
    text = read(client, "/flags?severity=blocking").text
    for severity in ("blocking", "advisory"):
        assert f"{severity.capitalize()} {sum(row['severity'] == severity for row in rows)}" in text
    blocking = [row for row in rows if row["severity"] == "blocking"]
    for rule in {row["rule"] for row in blocking}:
        assert f"{rule} {TITLES[rule]} {sum(row['rule'] == rule for row in blocking)}" in text
    assert f"SAM.gov exclusions {sum('debarment' in row['systems'] for row in blocking)}" in text
    assert f"Not assigned {sum(row['assignee'] is None for row in blocking)}" in text
    assert f"{len(blocking):,} left, {len(blocking):,} blocking" in text


def test_counts_follow_searches_and_are_left_out_for_too_many_flags(client, read, six, monkeypatch):
    word, _ = six
    text = read(client, f"/flags?q={word}&severity=blocking").text
    assert "Blocking 3" in text
    assert "Advisory 3" in text
    assert "3 left, 3 blocking" in text
    monkeypatch.setattr("app.review.queries.facets.COUNTED", 5)
    page = read(client, f"/flags?q={word}&severity=blocking")
    assert "too many to count" in page.text
    assert "Blocking 3" not in page.text
    assert len(ids(page)) == 3


def test_the_stored_tally_equals_a_count(system, six):
    assert six
    different = """
        SELECT current, status, severity, rule, action_type, systems, assignee, sum(flags) FROM (
            SELECT * FROM flag_tally
            UNION ALL
            SELECT current, status, severity, rule, action_type, systems, assignee, -1 FROM flag) AS both_sides
        GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(flags) <> 0
    """
    assert system.rows(different) == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("status=strange", "status: “strange”"),
        ("severity=blocking&severity=advisory", "severity: “advisory”"),
        ("rule=X99&system=payments", "rule: “X99”"),
        ("action_type=", None),
        ("within=0&older=-3", "within: “0”"),
        ("older=99999999999999999999", "older: “99999999999999999999”"),
        ("sort=vendor", "sort: “vendor”"),
        ("after=there", "after: “there”"),
        (f"after=blocking~2026-01-01~{NOTHING}", "after"),
        ("q=%00%27", "q: “�'”"),
        ("q=" + "x" * 201, "q: “xxx"),
        ("raised_from=20260901&raised_to=2026-02-30", "raised_from: “20260901”"),
        ("raised_from=0001-01-01&raised_to=9999-12-31", "raised_to: “9999-12-31”"),
        ("earlier=yes", "earlier: “yes”"),
        ("utm_source=mail", "utm_source: “mail”"),
        ("vendor=%20", "vendor"),
    ],
)
def test_unknown_parameters_are_ignored_and_reported(client, read, address, told):
    page = read(client, f"/flags?{address}")
    assert ("ignored" in page.named) == (told is not None)
    assert told is None or told in page.text
    assert ids(page)


@pytest.mark.parametrize(
    "hostile",
    ["' OR 1=1 --", "& | ! ( ) : * <->", '"', "a:*b", "<script>alert(1)</script>", "-", "\\", "%", "日本"],
)
def test_hostile_searches_are_only_words(client, read, hostile):
    answer = client.get("/flags", query_string={"q": hostile, "vendor": hostile, "assignee": hostile})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("address", "help_", "way_on"),
    [
        (
            "q={word}&rule=S01&assignee=me",
            "No flag matches all of these filters",
            "/flags?q={word}&assignee=me",
        ),
        (
            "q={word}&severity=advisory&status=closed",
            "No flag matches",
            "/flags?q={word}&severity=advisory&status=any",
        ),
        (f"after=advisory~2001-01-01T00:00:00%2B00:00~{NOTHING}", "no more flags after this point", "/flags"),
    ],
)
def test_an_empty_list_says_which_filter_to_remove(client, read, address, help_, way_on):
    page = read(client, "/flags?" + address.format(word="wordless"))
    assert help_ in page.text
    assert way_on.format(word="wordless") in page.links
    assert not page.rows


def test_an_empty_list_counts_the_flags_without_each_filter(client, read, six):
    word, _ = six
    page = read(client, f"/flags?q={word}&status=closed")
    assert "Without “Status: Closed” : 6 flags" in page.text.replace("”:", "” :")


def test_facts_decided_before_are_marked_and_never_hidden(system, client, read, flagged):
    key = uuid4().hex
    (first,) = flagged({}, fact_key=key)
    system.execute(
        "UPDATE flag SET status = 'closed', decision = 'not_a_discrepancy', decided_at = now()"
        " WHERE flag_id = %s",
        first,
    )
    (again,) = flagged({"because": f"again{key}"}, fact_key=key)
    page = read(client, f"/flags?q=again{key}")
    assert ids(page)[0] == str(again)
    assert "✓ Decided before" in page.text
    assert f"/flags/{first}" in page.links


def test_flags_of_earlier_runs_are_hidden_by_default(system, client, read, six):
    word, made = six
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, started_at)"
        " SELECT gen_random_uuid(), action_id, 'dispatched', 1, 'test', now(), now() FROM flag"
        " WHERE flag_id = %s",
        made[0],
    )
    system.execute(
        "UPDATE run SET state = 'completed', finished_at = now() WHERE state = 'dispatched' AND job_id ="
        " (SELECT action_id FROM flag WHERE flag_id = %s)",
        made[0],
    )
    assert ids(read(client, f"/flags?q={word}")) == []
    page = read(client, f"/flags?q={word}&earlier=1")
    assert set(ids(page)) == set(made)
    assert "Earlier run" in page.text


def test_the_number_of_database_queries_does_not_depend_on_the_number_of_flags(
    client, monkeypatch, questions, six
):
    word, _ = six
    numbers = defaultdict(set)
    for size in (1, 3, 25):
        monkeypatch.setattr(flags, "PAGE", size)
        for address in (
            "/flags",
            f"/flags?q={word}&assignee=nobody",
            "/flags?rule=D01&sort=-raised&status=any",
        ):
            client.get(address)
            with questions() as asked:
                assert client.get(address).status_code == 200
            numbers[address].add(len(asked))
    assert [each for each in numbers.values() if len(each) != 1] == []
    assert max(map(max, numbers.values())) <= 9


@pytest.mark.parametrize("persona", ["auditor-a", "operator-a"])
def test_only_officers_can_select_flags(signed_in, client, read, persona):
    assert read(client, "/flags").all("input", "select")
    others = read(signed_in(persona), "/flags")
    assert not [field for field in others.all("input") if field.get("name") == "flag"]
    assert signed_in(persona).get("/flags/selected?do=assign").status_code == 403
