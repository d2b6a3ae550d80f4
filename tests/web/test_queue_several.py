"""Bulk review: nothing changes before the preview, each flag is handled separately, blocking ones need their own reasons."""

import re
from uuid import uuid4

import pytest

ADDRESS = "/flags/selected"


@pytest.fixture
def send(client, read):
    """Sends the form of a preview as a browser would: what it holds, with changes; `None` takes a field out."""

    def sent(page, status=200, *, by=client, flags=None, **changed):
        form = {}
        shown = [field["value"] for field in page.all("input") if field.get("name") == "shown"]
        for field in page.all("input"):
            name = field.get("name")
            if name and field.get("type") == "hidden" and name not in {"shown", "query"}:
                form[name] = field["value"]
        checked = [f["value"] for f in page.all("input") if f.get("name") == "flag" and "checked" in f]
        data = {**form, "shown": shown, "flag": checked if flags is None else [str(each) for each in flags]}
        data |= {name.replace("reason_", "reason-"): value for name, value in changed.items()}
        answer = by.post(ADDRESS, data={name: value for name, value in data.items() if value is not None})
        assert answer.status_code == status, answer.text[-2000:]
        return type(page)(answer.text)

    return sent


def preview(read, client, do, flags, **more):
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    return read(client, f"{ADDRESS}?do={do}" + "".join(f"&flag={each}" for each in flags) + rest)


def state(system, flag_id):
    (row,) = system.rows("SELECT status, decision, assignee, version FROM flag WHERE flag_id = %s", flag_id)
    return row


def events(system, flag_id):
    return system.rows("SELECT * FROM review_event WHERE flag_id = %s ORDER BY number", flag_id)


def test_the_queue_leads_to_the_preview_and_back(system, client, read, flagged):
    word = f"bulk{uuid4().hex}"
    flags = flagged({}, {}, because=word)
    queue = read(client, f"/flags?q={word}&sort=raised")
    (form,) = [form for form in queue.all("form") if form["action"] == ADDRESS]
    assert form["method"] == "get"
    back = next(field["value"] for field in queue.all("input") if field.get("name") == "back")
    page = preview(read, client, "confirmed", flags, back=back.replace("&", "%26").replace("=", "%3D"))
    assert f"/flags?q={word}&sort=raised" in page.links
    assert "This is possible for 2 of 2 selected flags. Nothing has changed yet." in page.text
    assert [state(system, each)["version"] for each in flags] == [0, 0]


def test_a_decision_is_added_to_each_chosen_flag_with_its_reason(system, client, read, flagged, send):
    flags = flagged({}, {}, {})
    page = preview(read, client, "confirmed", flags)
    done = send(page, flags=flags[:2], rationale="The amounts differ indeed.\r\nBoth letters say so.")
    assert "2 of 2 flags done" in done.text
    for each in flags[:2]:
        assert state(system, each) == {
            "status": "confirmed",
            "decision": "confirmed",
            "assignee": None,
            "version": 1,
        }
        (event,) = events(system, each)
        assert event["rationale"] == "The amounts differ indeed.\nBoth letters say so."
        assert (event["by"], event["by_name"]) == ("officer-a", "Contracting officer A")
    assert state(system, flags[2])["version"] == 0


def test_without_a_reason_nothing_is_stored_and_the_input_stays(system, client, read, flagged, send):
    flags = flagged({}, {})
    page = send(
        preview(read, client, "resolved", flags), 422, flags=flags[:1], rationale="  ", reference="P00007"
    )
    assert "Enter your reason" in page.text
    assert "#field-rationale" in page.links
    assert next(f for f in page.all("input") if f.get("name") == "reference")["value"] == "P00007"
    checked = [f["value"] for f in page.all("input") if f.get("name") == "flag" and "checked" in f]
    assert checked == [str(flags[0])]
    page = send(page, 422, rationale="Modification P00007 mends it", reference="")
    assert "Name the document or determination" in page.text
    assert "Modification P00007 mends it" in page.html
    assert [state(system, each)["version"] for each in flags] == [0, 0]
    assert "1 of 1 flag done" in send(page, rationale="Mended", reference="P00007").text
    assert state(system, flags[0])["decision"] == "resolved"


def test_a_blocking_flag_closes_only_with_its_own_reason(system, client, read, flagged, send):
    blocking, advisory = flagged({"severity": "blocking"}, {})
    page = preview(read, client, "not_a_discrepancy", [blocking, advisory])
    checked = [f["value"] for f in page.all("input") if f.get("name") == "flag" and "checked" in f]
    assert checked == [str(advisory)]
    assert "Blocking flags need their own reasons" in page.text
    page = send(page, 422, flags=[blocking, advisory], rationale="Same vendor under its former name.")
    assert "a blocking flag needs its own reason" in page.text
    assert f"#field-reason-{blocking}" in page.links
    assert state(system, advisory)["version"] == 0
    own = {f"reason_{blocking}": "The excluded firm is another one: see the UEI."}
    assert (
        "2 of 2 flags done" in send(page, flags=[blocking, advisory], rationale="Looked at both.", **own).text
    )
    (event,) = events(system, blocking)
    assert event["rationale"] == "The excluded firm is another one: see the UEI.\n\nLooked at both."
    assert events(system, advisory)[0]["rationale"] == "Looked at both."


def test_the_preview_says_which_flags_cannot_be_changed_and_why(system, client, read, flagged, send):
    decided, open_ = flagged({}, {})
    send(preview(read, client, "accepted", [decided]), rationale="On file", reference="D&F 12")
    page = preview(read, client, "not_a_discrepancy", [decided, open_, uuid4()], flag="nonsense")
    assert "possible for 1 of 2 selected flags" in page.text
    assert "already decided" in page.text
    assert "flag: “nonsense”" in page.text
    assert str(decided) not in [f["value"] for f in page.all("input") if f.get("name") == "flag"]


def test_the_faster_officer_is_named_and_nothing_is_overwritten(system, signed_in, read, flagged, send):
    first, second = flagged({}, {})
    mine = preview(read, signed_in("officer-a"), "not_a_discrepancy", [first, second])
    theirs = signed_in("officer-b")
    assert (
        "1 of 1 flag done"
        in send(preview(read, theirs, "confirmed", [first]), by=theirs, rationale="It differs.").text
    )
    page = send(mine, rationale="Rounding")
    assert "1 of 2 flags done" in page.text
    assert "Contracting officer B was first: decided “Confirmed”. Your input was not stored." in page.text
    assert "Rounding" in page.text
    assert state(system, first)["decision"] == "confirmed"
    assert len(events(system, first)) == 1
    assert state(system, second)["status"] == "closed"


def test_flags_are_assigned_and_unassigned(system, signed_in, read, flagged, send):
    client = signed_in("officer-a")
    signed_in("officer-b")
    flags = flagged({}, {"severity": "blocking"})
    page = preview(read, client, "assign", flags)
    assert "officer-b" in [option["value"] for option in page.all("option")]
    assert "auditor-a" not in [option["value"] for option in page.all("option")]
    assert "Assigned to Contracting officer B" in send(page, assignee="officer-b").text
    assert [state(system, each)["assignee"] for each in flags] == ["officer-b"] * 2
    page = preview(read, client, "assign", flags)
    assert "Choose an officer" in send(page, 422, assignee="auditor-a").text
    assert "Not assigned" in send(page, assignee="").text
    assert [state(system, each)["assignee"] for each in flags] == [None] * 2


def test_a_form_without_its_versions_or_choices_does_nothing(system, client, read, flagged, send):
    (flag,) = flagged({})
    page = preview(read, client, "confirmed", [flag])
    assert "Choose at least one flag" in send(page, 422, flags=[], rationale="Yes").text
    for version in ("", "-1", "x", "9" * 30, "9" * 5_000, "7"):
        told = send(page, rationale="Yes", **{f"version-{flag}": version}).text
        assert "Your input was not stored" in told
    assert state(system, flag)["version"] == 0


@pytest.mark.parametrize("do", ["", "close_all", "assign%00"])
def test_an_unknown_bulk_action_is_refused(client, do):
    assert client.get(f"{ADDRESS}?do={do}").status_code == 400


def test_nothing_selected_says_what_to_do(client, read):
    assert "No flag is selected" in read(client, f"{ADDRESS}?do=assign").text


def test_at_most_50_flags_are_changed_at_once(client, read, flagged):
    flags = flagged(*({} for _ in range(52)))
    page = preview(read, client, "confirmed", flags)
    assert "50 of 50 selected flags" in page.text
    assert "more than 50 flags" in page.text


def test_hostile_text_is_shown_as_text(client, read, flagged, send):
    (flag,) = flagged({"because": "<img src=x onerror=alert(1)>"})
    page = send(
        preview(read, client, "confirmed", [flag]),
        422,
        rationale="</textarea><script>alert(2)</script>" * 200,
    )
    assert "<script>alert" not in page.html
    assert "<img src=x" not in page.html
    assert re.search(r"It has 8,\d\d\d characters|Your reason was not accepted", page.text)


def test_the_number_of_questions_does_not_depend_on_how_many_are_selected(client, flagged, questions):
    flags = flagged(*({} for _ in range(20)))
    numbers = set()
    for size in (1, 20):
        with questions() as asked:
            client.get(
                ADDRESS, query_string={"do": "confirmed", "flag": [str(each) for each in flags[:size]]}
            )
        numbers.add(len(asked))
    assert len(numbers) == 1
