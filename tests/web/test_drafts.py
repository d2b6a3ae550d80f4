"""What an officer typed and did not send: kept by the server, for that person alone, until it is sent, discarded or old."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.procurement.federal_time import eastern_day
from app.review.draft_records import LIMITS
from tests.web.conftest import REFOUND, Document

#: What a form can carry: line ends and all else, but no halves of characters.
_LETTERS = st.characters(exclude_categories=["Cs"])
UNKNOWN = "00000000-0000-4000-8000-000000000000"
WHY = "The vendor protests its size status."
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} \"quoted\" & 'so' on"
FULL = {
    "decision": "referred",
    "rationale": f"{WHY}\r\n{HOSTILE}",
    "reference": "Letter 7",
    "office": "Legal Counsel",
    "due_on": str(eastern_day(datetime.now(UTC))),
    "comment": "Called them today.",
}


@pytest.fixture
def officer(client_of):
    return client_of(persona="officer-a")


@pytest.fixture
def fast(client_of):
    """An officer of whom any number of writes is taken."""
    return client_of(persona="officer-a", writes_per_minute=100_000)


@pytest.fixture
def colleague(client_of):
    return client_of(persona="officer-b")


@pytest.fixture
def flag(flagged):
    (flag_id,) = flagged({})
    return f"/flags/{flag_id}"


def post(client, flag, path, *, status, token=None, **fields):
    if token is None:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(flag).text)[1]
    answer = client.post(f"{flag}/{path}", data={"csrf_token": token, "version": "0", **fields})
    assert answer.status_code == status, answer.text
    return answer


def keep(client, flag, *, status=200, **fields):
    return post(client, flag, "draft", status=status, **fields)


def shown(document):
    """What the forms of a page hold."""
    fields = [
        each for each in document.all("input") if each.get("name") in {"decision", "reference", "due_on"}
    ]
    found = {each["name"]: each["value"] for each in fields if each["type"] != "radio" or "checked" in each}
    found |= {
        name: document.named[f"field-{name}"]
        for name in ("rationale", "comment", "undo-reason", "second-reason")
        if f"field-{name}" in document.named
    }
    return {name: value for name, value in found.items() if value}


def rows(system, flag):
    return system.rows("SELECT * FROM draft WHERE flag_id = %s ORDER BY owner", flag.split("/")[2])


def test_a_draft_comes_back_whole_for_its_author_alone(system, read, officer, colleague, flag):
    assert "draft" not in read(officer, flag).named
    told = keep(officer, flag, **FULL).json
    assert re.fullmatch(r"\d\d:\d\d E[SD]T", told["saved"])
    document = read(officer, flag)
    assert document.named["draft"] == f"Draft of {told['saved']} restored. Discard"
    assert shown(document) == {
        **{name: value for name, value in FULL.items() if name != "office"},
        "rationale": f"{WHY} {HOSTILE}",
    }
    (chosen,) = [each["value"] for each in document.all("option") if "selected" in each and each["value"]]
    assert chosen == "Legal Counsel"
    other = read(colleague, flag)
    assert "draft" not in other.named
    assert shown(other) == {}
    keep(colleague, flag, rationale="Mine.")
    assert shown(read(officer, flag))["comment"] == FULL["comment"]
    assert [each["owner"] for each in rows(system, flag)] == ["officer-a", "officer-b"]


@pytest.mark.parametrize("persona", ["auditor-a", "operator-a"])
def test_who_may_not_decide_has_no_drafts(system, client_of, officer, flag, persona):
    other = client_of(persona=persona)
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.get(flag).text)[1]
    keep(officer, flag, rationale=WHY)
    for path in ("draft", "draft/discard"):
        post(other, flag, path, status=403, token=token, rationale="x")
    assert WHY not in other.get(flag).text
    assert len(rows(system, flag)) == 1


def test_later_text_replaces_earlier_and_what_was_not_sent_stays(system, read, officer, flag):
    keep(officer, flag, rationale="First.", comment="A comment.")
    keep(officer, flag, rationale="Second.")
    assert shown(read(officer, flag)) == {"rationale": "Second.", "comment": "A comment."}
    keep(officer, flag, rationale="", comment="")
    assert rows(system, flag) == []


def test_a_form_that_is_sent_takes_its_own_text_out_of_the_draft_only(system, read, officer, flag):
    keep(officer, flag, **FULL, **{"undo-reason": "Too early."})
    post(officer, flag, "comment", status=303, comment=FULL["comment"])
    left = shown(read(officer, flag))
    assert "comment" not in left
    assert left["rationale"] == f"{WHY} {HOSTILE}"
    post(
        officer, flag, "decision", status=303, version="1", decision="confirmed", rationale="Both are right."
    )
    assert shown(read(officer, flag)) == {"undo-reason": "Too early."}
    post(officer, flag, "undo", status=303, version="2", **{"undo-reason": "Too early."})
    assert rows(system, flag) == []


def test_a_rejected_or_overtaken_decision_leaves_the_draft(system, officer, colleague, flag):
    keep(officer, flag, rationale=WHY)
    post(officer, flag, "decision", status=422, rationale=WHY)
    post(colleague, flag, "decision", status=303, decision="confirmed", rationale="First.")
    answer = post(officer, flag, "decision", status=409, decision="not_a_discrepancy", rationale=WHY)
    assert WHY in Document(answer.text).named["field-rationale"]
    assert rows(system, flag)[0]["fields"] == {"rationale": WHY}


def test_what_happened_since_a_draft_is_said_and_text_without_its_form_is_shown(
    read, officer, colleague, flag
):
    keep(officer, flag, rationale=WHY, decision="resolved")
    post(colleague, flag, "decision", status=303, decision="not_a_discrepancy", rationale="First.")
    document = read(officer, flag)
    assert "Since then: decided by Contracting officer B." in document.named["draft"]
    assert document.named["kept"] == WHY


def test_a_draft_is_discarded_by_its_author_only(system, read, officer, colleague, flag):
    keep(officer, flag, **FULL)
    post(colleague, flag, "draft/discard", status=303)
    assert len(rows(system, flag)) == 1
    post(officer, flag, "draft/discard", status=303)
    assert rows(system, flag) == []
    assert shown(read(officer, flag)) == {}


def test_the_draft_of_an_earlier_flag_is_offered_on_the_later_one(system, read, officer, flag, flagged):
    keep(officer, flag, **FULL)
    flag_id = flag.split("/")[2]
    (run,) = system.rows("SELECT run_id FROM flag WHERE flag_id = %s", flagged({"subject": "other"})[0])
    again = uuid4()
    system.execute(REFOUND, again, run["run_id"], flag_id)
    document = read(officer, f"/flags/{again}")
    assert "from the flag of an earlier run restored" in document.named["draft"]
    assert shown(document)["comment"] == FULL["comment"]
    keep(officer, f"/flags/{again}", comment="Now here.", rationale=WHY)
    assert rows(system, flag) == []
    post(officer, f"/flags/{again}", "comment", status=303, comment="Now here.")
    assert rows(system, f"/flags/{again}")[0]["fields"]["rationale"] == WHY
    assert "comment" not in rows(system, f"/flags/{again}")[0]["fields"]


@pytest.mark.parametrize(
    "fields",
    [
        {"rationale": "x" * 4_001},
        {"comment": "x" * 4_001},
        {"reference": "x" * 201},
        {"office": "x" * 201},
        {"due_on": "x" * 201},
        {"version": "soon"},
        {"version": "2147483648"},
    ],
)
def test_what_no_form_can_hold_is_not_kept(system, officer, flag, fields):
    keep(officer, flag, status=422, **{"rationale": WHY, **fields})
    assert rows(system, flag) == []


def test_a_full_draft_of_the_longest_texts_is_kept(system, officer, flag):
    longest = dict.fromkeys(("rationale", "comment", "undo-reason", "second-reason"), "中" * 4000)
    keep(officer, flag, **longest)
    assert rows(system, flag)[0]["fields"] == longest


@settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(fields=st.dictionaries(st.sampled_from(sorted(LIMITS)), st.text(_LETTERS, max_size=250)))
def test_whatever_is_typed_comes_back_or_is_refused_as_too_long(system, fast, flag, fields):
    token = re.search(r'name="csrf_token" value="([^"]+)"', fast.get(flag).text)[1]
    fits = all(len(value) <= LIMITS[name] for name, value in fields.items())
    keep(fast, flag, token=token, **dict.fromkeys(LIMITS, ""))
    keep(fast, flag, token=token, status=200 if fits else 422, **fields)
    kept = {name: value for row in rows(system, flag) for name, value in row["fields"].items() if value}
    sent = {
        name: value.replace("\x00", "\N{REPLACEMENT CHARACTER}") for name, value in fields.items() if value
    }
    assert kept == (sent if fits else {})


def test_unknown_fields_are_not_stored_and_odd_characters_break_nothing(system, officer, flag):
    keep(officer, flag, rationale="a\x00b\u202e", colour="red", csrf="x")
    assert rows(system, flag)[0]["fields"] == {"rationale": "a\N{REPLACEMENT CHARACTER}b\u202e"}


def test_without_a_token_a_session_or_a_flag_nothing_is_stored(system, client_of, officer, flag):
    keep(officer, flag, status=400, token="", rationale=WHY)
    keep(officer, flag, status=400, token="forged", rationale=WHY)
    nobody = client_of(persona=None)
    assert nobody.post(f"{flag}/draft", data={"version": "0", "rationale": WHY}).status_code == 401
    token = re.search(r'name="csrf_token" value="([^"]+)"', officer.get(flag).text)[1]
    keep(officer, f"/flags/{UNKNOWN}", status=404, token=token, rationale=WHY)
    assert rows(system, flag) == []


def test_drafts_count_as_writes(client_of, flag):
    officer = client_of(persona="officer-a", writes_per_minute=2)
    token = re.search(r'name="csrf_token" value="([^"]+)"', officer.get(flag).text)[1]
    statuses = [
        officer.post(
            f"{flag}/draft", data={"csrf_token": token, "version": "0", "comment": str(n)}
        ).status_code
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_an_old_draft_is_neither_shown_nor_kept(system, read, officer, flag, flagged):
    keep(officer, flag, rationale=WHY)
    system.execute(
        "UPDATE draft SET saved_at = now() - interval '7 days 1 minute' WHERE flag_id = %s",
        flag.split("/")[2],
    )
    assert "draft" not in read(officer, flag).named
    keep(officer, f"/flags/{flagged({})[0]}", rationale="x")
    assert rows(system, flag) == []


@pytest.mark.parametrize("way", ["/sign-out", "/sign-out-everywhere"])
def test_signing_out_erases_the_persons_drafts(system, client_of, colleague, flag, way):
    leaving = client_of(persona="officer-a")
    keep(leaving, flag, rationale=WHY)
    keep(colleague, flag, rationale="Mine.")
    token = re.search(r'name="csrf_token" value="([^"]+)"', leaving.get(flag).text)[1]
    assert leaving.post(way, data={"csrf_token": token}).status_code == 303
    assert [each["owner"] for each in rows(system, flag)] == ["officer-b"]


def test_no_draft_reaches_a_security_event_an_export_or_another_page(system, officer, flag):
    word = "Nightingale"
    keep(officer, flag, rationale=word, comment=word)
    (row,) = system.rows("SELECT action_id FROM flag WHERE flag_id = %s", flag.split("/")[2])
    for address in ("/flags", f"/actions/{row['action_id']}", "/flags.csv", "/flags.json", "/"):
        answer = officer.get(address)
        assert word not in answer.text, address
    assert system.rows("SELECT 1 FROM security_event WHERE detail::text LIKE %s", f"%{word}%") == []
