"""Deciding about a flag: every decision, every error, two officers at once, a second person, undoing, assigning."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from app.procurement.federal_time import eastern_day
from tests.web.conftest import Document, faults

pytestmark = pytest.mark.whole_system

SECOND = ("E01", "F03")
REFERRED = {
    "decision": "referred",
    "office": "Finance Office",
    "due_on": str(eastern_day(datetime.now(UTC))),
}
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} \"quoted\" & 'so' on"


@pytest.fixture
def flags(system):
    """Flags of a new action, by rule; each test has its own, so that nothing carries over from another."""
    (run,) = system.run(system.copy("ACT-2026-0012"))
    rows = system.rows("SELECT * FROM flag WHERE run_id = %s ORDER BY rule, subject", run)
    return {row["rule"]: row for row in rows}


@pytest.fixture
def flag(flags):
    """The address of a flag one officer can close."""
    return address(flags["F01"])


@pytest.fixture
def officer(client_of):
    return client_of(persona="officer-a")


@pytest.fixture
def colleague(client_of):
    return client_of(persona="officer-b")


def address(row):
    return f"/flags/{row['flag_id']}"


def send(client, flag, form, *, status=303, **fields):
    """Send a form as the page has it, with what is typed in; the page that comes back, None for a redirect."""
    page = client.get(flag)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    version = re.search(r'name="version" value="(\d+)"', page.text)
    told = {"csrf_token": token, "version": version[1] if version else "0", **fields}
    answer = client.post(f"{flag}/{form}", data=told)
    assert answer.status_code == status, answer.text
    if status == 303:
        if form in {"decision", "concurrence"}:
            # On to another flag, or at the end of the queue back to it: see test_queue_way.
            assert re.fullmatch(r"/flags(/[0-9a-f-]{36})?", answer.location)
            assert answer.location != flag
        else:
            assert answer.location == f"{flag}#deciding"
        return None
    document = Document(answer.text)
    assert faults(document) == []
    return document


def field(document, name):
    return next(each for each in document.all("input", "select") if each.get("id") == f"field-{name}")


def forms(document):
    return {form["action"].rsplit("/", 1)[1] for form in document.all("form") if "/flags/" in form["action"]}


def events(system, flag):
    return system.rows("SELECT * FROM review_event WHERE flag_id = %s ORDER BY number", flag.split("/")[2])


@pytest.mark.parametrize(
    "case",
    [
        ("confirmed", "", "confirmed", "Confirmed"),
        ("not_a_discrepancy", "", "closed", "Not a discrepancy"),
        ("resolved", "Modification P00003", "closed", "Resolved by Modification P00003"),
        ("accepted", "D&F of 2026-11-02", "closed", "Accepted with determination by D&F of 2026-11-02"),
        ("referred", "", "referred", "Referred to Legal Counsel, due today"),
    ],
)
def test_every_decision_is_recorded_and_shown(system, read, officer, flag, case):
    decision, reference, status, shown = case
    office = {"office": "Legal Counsel", "due_on": str(eastern_day(datetime.now(UTC)))}
    send(
        officer,
        flag,
        "decision",
        decision=decision,
        rationale="I read both\r\nrecords.",
        reference=reference,
        **office,
    )
    document = read(officer, flag)
    if decision == "referred":
        shown += f" ({office['due_on']})"
    assert f"{shown}, decided by Contracting officer A" in document.named["deciding"]
    assert "I read both records." in document.named["deciding"]
    # The message of the form just sent.
    assert (
        "Recorded: referred to Legal Counsel, due 2" if decision == "referred" else "Recorded: "
    ) in document.text
    (event,) = events(system, flag)
    assert (event["office"], str(event["due_on"])) == (
        (office["office"], office["due_on"]) if decision == "referred" else (None, "None")
    )
    assert (event["by"], event["decision"], event["rationale"]) == (
        "officer-a",
        decision,
        "I read both\nrecords.",
    )
    (row,) = system.rows("SELECT status, action_id FROM flag WHERE flag_id = %s", flag.split("/")[2])
    assert row["status"] == status
    if decision == "referred":
        assert "Referred to Legal Counsel, due today" in read(officer, f"/actions/{row['action_id']}").text
    words = f"Referred to Legal Counsel, due {office['due_on']}" if decision == "referred" else shown
    assert f"1. Decided: {words.split(' by ')[0]}" in document.named["history"]


def test_an_open_flag_says_so_and_offers_the_forms(read, officer, flag):
    document = read(officer, flag)
    assert "undecided" in document.named
    assert forms(document) == {"decision", "assignment", "comment"}
    assert [form["id"] for form in document.all("form") if "data-decision" in form] == ["decide"]
    assert "No events yet." in document.named["history"]


@pytest.mark.parametrize(
    "case",
    [
        ({"decision": "", "rationale": "x"}, "decision", "Choose a decision."),
        ({"decision": "burn it", "rationale": "x"}, "decision", "Choose a decision."),
        ({"decision": "confirmed", "rationale": " \n "}, "rationale", "Give your reason"),
        (
            {"decision": "confirmed", "rationale": "x" * 4_001},
            "rationale",
            "It has 4,001 characters; at most 4,000",
        ),
        ({"decision": "confirmed", "rationale": "a\x07b"}, "rationale", "Character 2 cannot be seen (U+0007"),
        (
            {"decision": "confirmed", "rationale": "abc\u202edef"},
            "rationale",
            "Character 4 cannot be seen (U+202E",
        ),
        (
            {"decision": "resolved", "rationale": "x"},
            "reference",
            "Name the document or determination it rests on.",
        ),
        (
            {"decision": "accepted", "rationale": "x"},
            "reference",
            "Name the document or determination it rests on.",
        ),
        (
            {"decision": "resolved", "rationale": "x", "reference": "y" * 201},
            "reference",
            "It has 201 characters; at most 200",
        ),
    ],
)
def test_errors_are_shown_beside_their_fields_and_at_the_top(system, officer, flag, case):
    typed, name, error = case
    told = {"decision": "", "rationale": "", "reference": "", **typed}
    document = send(officer, flag, "decision", status=422, **told)
    assert error in document.named[f"error-{name}"]
    assert f"#field-{name}" in document.links
    assert "Nothing was stored" in document.text
    if told["rationale"].isprintable() and told["rationale"].strip():
        assert told["rationale"] in document.named["field-rationale"]
    assert field(document, "reference")["value"] == told["reference"]
    kept = [
        each["value"]
        for each in document.all("input")
        if each.get("name") == "decision" and "checked" in each
    ]
    assert kept == ([told["decision"]] if told["decision"] in {"confirmed", "resolved", "accepted"} else [])
    assert events(system, flag) == []


def test_all_errors_are_reported_at_once(officer, flag):
    document = send(officer, flag, "decision", status=422)
    assert {"#field-decision", "#field-rationale"} <= set(document.links)


@pytest.mark.parametrize("version", ["", "x", "-1", "1" * 30, "9" * 5_000, "2147483648", "²"])
def test_a_form_without_a_version_is_rejected(system, officer, flag, version):
    document = send(
        officer, flag, "decision", status=422, decision="confirmed", rationale="kept", version=version
    )
    assert "does not say which state" in document.text
    assert "kept" in document.named["field-rationale"]
    assert events(system, flag) == []


def test_the_second_of_two_officers_sees_who_was_first_and_keeps_the_text(system, officer, colleague, flag):
    send(officer, flag, "decision", decision="confirmed", rationale="The ledger is right.")
    document = send(
        colleague,
        flag,
        "decision",
        status=409,
        version="0",
        **REFERRED,
        rationale="Ask the budget office.",
    )
    told = document.named["overtaken"]
    assert "Contracting officer A, " in told
    assert "decided, Confirmed: The ledger is right." in told
    assert "UTC" in told
    assert "Confirmed, decided by Contracting officer A" in document.named["deciding"]
    assert document.named["field-rationale"] == "Ask the budget office."
    assert [
        each["value"] for each in document.all("input") if "checked" in each and each["type"] == "radio"
    ] == ["referred"]
    assert len(events(system, flag)) == 1
    # The form now knows the state it shows: sent again it is taken.
    assert {each["value"] for each in document.all("input") if each.get("name") == "version"} == {"1"}
    send(colleague, flag, "decision", **REFERRED, rationale="Ask the budget office.")
    assert [event["by"] for event in events(system, flag)] == ["officer-a", "officer-b"]


@pytest.mark.parametrize(
    "case",
    [
        ("decision", {**REFERRED, "rationale": "Ask the budget office."}),
        ("assignment", {"assignee": "officer-b"}),
        ("comment", {"comment": "Ask the budget office."}),
    ],
)
def test_of_two_forms_at_once_one_is_recorded_and_the_other_shows_what_was_typed(
    system, officer, colleague, flag, case
):
    form, fields = case
    gate = Barrier(2)

    def sent(client, own):
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(flag).text)[1]
        gate.wait(timeout=30)
        return client.post(f"{flag}/{form}", data={"csrf_token": token, "version": "0", **fields, **own})

    own = {"comment": "Of B.", "assignee": "officer-a", "rationale": "Ask counsel."}
    own = {name: value for name, value in own.items() if name in fields}
    for client in (officer, colleague):
        client.get(flag)  # both have signed in
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(sent, (officer, colleague), ({}, own)))
    statuses = [answer.status_code for answer in answers]
    stored = events(system, flag)
    if form == "comment":
        assert statuses == [303, 303]
        assert [event["number"] for event in stored] == [1, 2]
        assert {event["rationale"] for event in stored} == {fields["comment"], own["comment"]}
        return
    assert sorted(statuses) == [303, 409]
    assert [event["number"] for event in stored] == [1]
    lost = Document(answers[statuses.index(409)].text)
    assert faults(lost) == []
    assert "overtaken" in lost.named
    typed = fields | (own if statuses[1] == 409 else {})
    if form == "decision":
        assert lost.named["field-rationale"] == typed["rationale"]
        assert field(lost, "due_on")["value"] == typed["due_on"]
    chosen = [each["value"] for each in lost.all("option") if "selected" in each and each["value"]]
    assert typed.get("office", typed.get("assignee")) in chosen


def test_text_is_kept_if_its_form_is_no_longer_available(officer, colleague, flag):
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale="The same vendor.")
    document = send(
        colleague,
        flag,
        "decision",
        status=409,
        version="0",
        decision="resolved",
        rationale=HOSTILE,
        reference="P1",
    )
    assert document.named["kept"] == HOSTILE
    assert "Decision: Resolved, by P1." in document.text
    assert "decision" not in forms(document)


def test_an_assignment_by_someone_else_is_reported(officer, colleague, flag):
    send(officer, flag, "assignment", assignee="officer-b")
    document = send(
        colleague, flag, "decision", status=409, version="0", decision="confirmed", rationale="typed"
    )
    assert "assigned to Contracting officer B" in document.named["overtaken"]
    assert document.named["field-rationale"] == "typed"


def test_a_second_person_concurs(system, read, officer, colleague, flags):
    flag = address(flags["E01"])
    assert "A second officer must concur" in read(officer, flag).named["deciding"]
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale="Another firm.")
    own = read(officer, flag)
    assert "own-decision" in own.named
    assert "concurrence" not in forms(own)
    refused = send(
        officer, flag, "concurrence", status=422, answer="concur", **{"second-reason": "I agree with me."}
    )
    assert "A second person must concur" in refused.text
    assert "I agree with me." in refused.named["kept"]
    other = read(colleague, flag)
    assert "Waits for a second person" in other.named["deciding"]
    assert forms(other) == {"concurrence", "undo", "assignment", "comment"}
    send(colleague, flag, "concurrence", answer="concur", **{"second-reason": "I looked as well."})
    closed = read(officer, flag)
    assert "Contracting officer B concurred" in closed.named["deciding"]
    assert "2. Second person concurred" in closed.named["history"]
    (row,) = system.rows("SELECT status FROM flag WHERE flag_id = %s", flag.split("/")[2])
    assert row["status"] == "closed"


def test_a_flag_awaiting_concurrence_still_waits_if_the_setting_changes(client_of, read, officer, flags):
    flag = address(flags["E01"])
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale="Another firm.")
    page = read(client_of(persona="officer-b", second_person=frozenset()), flag)
    assert "Waits for a second person" in page.named["deciding"]
    assert forms(page) == {"concurrence", "undo", "assignment", "comment"}


def test_a_second_person_declines(read, officer, colleague, flags):
    flag = address(flags["E01"])
    send(officer, flag, "decision", decision="accepted", rationale="It is on file.", reference="D&F 7")
    wrong = send(colleague, flag, "concurrence", status=422, answer="", **{"second-reason": ""})
    assert "Choose whether you concur." in wrong.named["error-answer"]
    assert "Give your reason" in wrong.named["error-second-reason"]
    send(colleague, flag, "concurrence", answer="decline", **{"second-reason": "It is not."})
    document = read(officer, flag)
    assert "undecided" in document.named
    assert "It is not." in document.named["history"]
    assert "decision" in forms(document)


def test_a_rule_for_one_officer_needs_no_concurrence(officer, colleague, flag):
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale="x")
    document = send(colleague, flag, "concurrence", status=422, answer="concur", **{"second-reason": "y"})
    assert "No decision on this flag is waiting for a second person." in document.text


def test_undoing_is_an_event_with_a_reason(system, read, officer, colleague, flag):
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale="x")
    wrong = send(colleague, flag, "undo", status=422, **{"undo-reason": ""})
    assert "Give your reason" in wrong.named["error-undo-reason"]
    assert any("open" in each for each in wrong.all("details") if "undo" in (each.get("class") or "").split())
    send(colleague, flag, "undo", **{"undo-reason": "The other record is a different one."})
    document = read(officer, flag)
    assert "undecided" in document.named
    assert [event["kind"] for event in events(system, flag)] == ["decided", "undone"]
    assert "1. Decided: Not a discrepancy" in document.named["history"]
    assert "2. Decision undone" in document.named["history"]


def test_a_decided_flag_is_not_decided_again_without_undoing(officer, flag):
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale="x")
    document = send(officer, flag, "decision", status=422, decision="confirmed", rationale="changed my mind")
    assert "already decided. Undo that decision first." in document.text
    assert document.named["kept"] == "changed my mind"
    nothing = send(officer, flag, "undo", **{"undo-reason": "y"})
    assert nothing is None
    assert (
        "There is no decision to undo."
        in send(officer, flag, "undo", status=422, **{"undo-reason": "z"}).text
    )


def test_a_flag_is_assigned_to_me_to_a_colleague_and_to_no_one(system, read, officer, colleague, flag):
    for client in (officer, colleague):
        read(client, flag)
    for assignee, told in (
        ("officer-a", "Assigned to Contracting officer A (you)."),
        ("officer-b", "Assigned to Contracting officer B."),
        ("", "Not assigned."),
    ):
        send(officer, flag, "assignment", assignee=assignee)
        assert told in read(officer, flag).named["deciding"]
    assert [event["assignee"] for event in events(system, flag)] == ["officer-a", "officer-b", None]


@pytest.mark.parametrize("somebody", ["auditor-a", "nobody-known", "<b>"])
def test_a_flag_is_assigned_to_officers_only(system, client_of, officer, flag, somebody):
    client_of(persona="auditor-a")
    document = send(officer, flag, "assignment", status=422, assignee=somebody)
    assert "Choose an officer from the list" in document.named["error-assignee"]
    assert events(system, flag) == []


def test_the_same_fact_comes_back_with_its_decision_and_needs_a_click(
    system, read, officer, colleague, flags
):
    flag = address(flags["C02"])
    send(officer, flag, "decision", decision="not_a_discrepancy", rationale=HOSTILE)
    system.run(flags["C02"]["action_id"])
    (again,) = system.rows("SELECT * FROM flag WHERE previous = %s", flags["C02"]["flag_id"])
    document = read(colleague, address(again))
    told = document.text[document.text.index("Decided earlier: not a discrepancy") :]
    assert told.startswith("Decided earlier: not a discrepancy, by Contracting officer A on ")
    assert f"because {HOSTILE}" in told
    assert flag in document.links
    assert "undecided" in document.named
    hidden = {each["name"]: each["value"] for each in document.all("input") if each["type"] == "hidden"}
    assert (hidden["decision"], hidden["rationale"]) == ("not_a_discrepancy", HOSTILE)
    send(colleague, address(again), "decision", **{name: hidden[name] for name in ("decision", "rationale")})
    assert [event["by"] for event in events(system, address(again))] == ["officer-b"]
    # An earlier decision that was undone is still shown, as undone.
    send(officer, flag, "undo", **{"undo-reason": "It was wrong."})
    later = read(colleague, address(again))
    assert "That decision is no longer in force." in later.text
    assert flag in later.links


@pytest.mark.parametrize("persona", ["auditor-a", "operator-a"])
def test_other_roles_can_read_but_not_write(system, client_of, read, flag, persona):
    officer, other = client_of(), client_of(persona=persona)
    send(officer, flag, "decision", decision="confirmed", rationale="For all to read.")
    document = read(other, flag)
    assert "For all to read." in document.named["history"]
    assert "reads-only" in document.named
    assert forms(document) == set()
    for form in ("decision", "concurrence", "undo", "assignment", "comment"):
        assert other.post(f"{flag}/{form}", data={"version": "1"}).status_code == 403
    assert len(events(system, flag)) == 1


def test_hostile_text_in_every_field_stays_text(read, officer, colleague, flags):
    flag = address(flags["E01"])
    send(officer, flag, "decision", decision="resolved", rationale=HOSTILE, reference=HOSTILE)
    send(colleague, flag, "concurrence", answer="decline", **{"second-reason": HOSTILE})
    send(officer, flag, "decision", decision="confirmed", rationale=HOSTILE)
    send(officer, flag, "undo", **{"undo-reason": HOSTILE})
    document = read(colleague, flag)
    assert document.named["history"].count(HOSTILE) == 5
    assert "<script>alert" not in document.html
    kept = send(officer, flag, "decision", status=422, decision=HOSTILE, rationale=HOSTILE, reference=HOSTILE)
    assert kept.named["field-rationale"] == HOSTILE
    assert field(kept, "reference")["value"] == HOSTILE


def test_a_changed_event_is_reported(system, read, officer, flagged):
    # Of an action of its own: the exports of the others' would say that they were tampered with.
    flag = f"/flags/{flagged({})[0]}"
    send(officer, flag, "decision", decision="confirmed", rationale="As it was.")
    send(officer, flag, "undo", **{"undo-reason": "y"})
    assert "event-changed" not in read(officer, flag).named
    system.execute(
        "UPDATE review_event SET rationale = 'As it never was.' WHERE flag_id = %s AND number = 1",
        flag.split("/")[2],
    )
    assert "Event 1 was changed or removed" in read(officer, flag).named["event-changed"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE flag SET status = 'closed' WHERE flag_id = %s",
        "UPDATE flag SET decision = 'accepted' WHERE flag_id = %s",
        "UPDATE flag SET assignee = 'officer-b' WHERE flag_id = %s",
    ],
)
def test_a_status_changed_without_an_event_is_reported(system, read, officer, flagged, change):
    flag = f"/flags/{flagged({})[0]}"
    assert "state-changed" not in read(officer, flag).named
    system.execute(change, flag.split("/")[2])
    assert "state-changed" in read(officer, flag).named


def test_reloading_a_form_leads_to_the_flag_and_unknown_flags_are_not_found(officer, flag):
    assert officer.get(f"{flag}/decision").location == flag
    unknown = "/flags/00000000-0000-4000-8000-000000000000"
    token = re.search(r'name="csrf_token" value="([^"]+)"', officer.get(flag).text)[1]
    told = {"csrf_token": token, "version": "0", "decision": "confirmed", "rationale": "x"}
    assert officer.post(f"{unknown}/decision", data=told).status_code == 404
    assert officer.post(f"{unknown}/decision", data={**told, "rationale": ""}).status_code == 404
    assert officer.post(f"{flag}/decision", data={**told, "csrf_token": ""}).status_code == 400


def test_a_comment_is_added_whatever_others_did_meanwhile(system, read, officer, colleague, flag):
    page = officer.get(flag)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    send(colleague, flag, "decision", decision="not_a_discrepancy", rationale="Read.")
    told = {"csrf_token": token, "version": "0", "comment": HOSTILE}
    assert officer.post(f"{flag}/comment", data=told).status_code == 303
    document = read(officer, flag)
    assert "2. Comment" in document.named["history"]
    assert HOSTILE in document.named["history"]
    (row,) = system.rows("SELECT status, version FROM flag WHERE flag_id = %s", flag.split("/")[2])
    assert row == {"status": "closed", "version": 2}
    refused = send(officer, flag, "comment", status=422, comment=" \n ")
    assert "Write your comment" in refused.text
    assert len(events(system, flag)) == 2


def test_a_later_run_shows_what_officers_did_and_what_changed(system, read, officer, flags):
    flag, other = flags["C02"], flags["F01"]
    send(officer, address(flag), "decision", **REFERRED, rationale="The vendor must act.")
    send(officer, address(flag), "comment", comment="Called them today.")
    send(officer, address(other), "assignment", assignee="officer-a")
    system.execute("UPDATE flag SET severity = 'advisory' WHERE flag_id = %s", other["flag_id"])
    (run,) = system.run(flag["action_id"])
    rows = {each["previous"]: each for each in system.rows("SELECT * FROM flag WHERE run_id = %s", run)}
    document = read(officer, address(rows[flag["flag_id"]]))
    assert "Referred to Finance Office, due today" in document.named["deciding"]
    assert "The vendor must act." in document.named["deciding"]
    assert "the flag of an earlier run" in document.named["carried"]
    assert "Called them today." in document.named["history"]
    assert f"/runs/{flag['run_id']}" in document.links
    assert "Nothing changed since." in document.named["changes"]
    document = read(officer, address(rows[other["flag_id"]]))
    assert "Assigned to Contracting officer A" in document.named["deciding"]
    assert other["severity"] == "blocking"
    assert ["severity", "advisory", "blocking"] in document.rows


def test_a_changed_event_of_an_earlier_run_is_shown(system, read, officer, flags):
    flag = flags["F01"]
    send(officer, address(flag), "decision", decision="confirmed", rationale="Both are right.")
    (run,) = system.run(flag["action_id"])
    system.execute("UPDATE review_event SET rationale = 'No.' WHERE flag_id = %s", flag["flag_id"])
    (again,) = system.rows("SELECT * FROM flag WHERE previous = %s AND run_id = %s", flag["flag_id"], run)
    document = read(officer, address(again))
    assert "Event 1 of an earlier flag on the same fact was changed or removed" in document.named["history"]


def test_a_decision_that_awaited_concurrence_is_recorded_again_with_one_click(system, read, officer, flags):
    flag, why = flags["E01"], {"rationale": "See the letter.", "reference": "Letter 7"}
    send(officer, address(flag), "decision", decision="resolved", **why)
    system.run(flag["action_id"])
    (again,) = system.rows("SELECT * FROM flag WHERE previous = %s", flag["flag_id"])
    document = read(officer, address(again))
    assert "Decided earlier, without a second officer’s concurrence: resolved, by" in document.text
    shown = document.html.split('id="same-again"')[1].split("</form>")[0]
    hidden = dict(re.findall(r'name="(decision|rationale|reference)" value="([^"]+)"', shown))
    assert hidden == {"decision": "resolved", **why}
    send(officer, address(again), "decision", **hidden)
    (row,) = system.rows("SELECT status FROM flag WHERE flag_id = %s", again["flag_id"])
    assert row["status"] == "awaiting_concurrence"
