"""Saved views: each person keeps, opens, renames and deletes their own filters."""

from uuid import uuid4

import pytest


@pytest.fixture
def send(client, read):
    """Sends one of the forms about views from the queue."""

    def sent(action, *, by=client, status=303, query="severity=blocking&sort=raised", **fields):
        page = read(by, "/flags")
        token = next(field["value"] for field in page.all("input") if field.get("name") == "csrf_token")
        answer = by.post(f"/flags/views/{action}", data={"csrf_token": token, "query": query, **fields})
        assert answer.status_code == status, answer.text[-1000:]
        return answer

    return sent


def names(read, client):
    return [option["value"] for option in read(client, "/flags").all("option")]


def test_a_view_is_saved_opened_renamed_and_deleted(client, read, send):
    name = f"Mine & “first” {uuid4().hex[:6]}"
    answer = send("save", name=name)
    assert answer.location == "/flags?severity=blocking&sort=raised"
    page = read(client, answer.location)
    assert f"Saved as “{name}”" in page.text
    assert "/flags?severity=blocking&sort=raised" in page.links
    send("rename", view=name, **{"new-name": name + " 2"})
    assert name + " 2" in names(read, client)
    assert name not in names(read, client)
    send("delete", view=name + " 2")
    assert name + " 2" not in names(read, client)


def test_a_view_keeps_only_filters(client, read, send, system):
    name = uuid4().hex
    send("save", name=name, query="severity=blocking&after=x&next=//elsewhere&colour=red&status=open")
    (row,) = system.rows("SELECT query FROM saved_view WHERE name = %s", name)
    assert row["query"] == "severity=blocking&status=open"
    assert send("save", name=name, query="rule=C02").location == "/flags?rule=C02"
    (row,) = system.rows("SELECT owner, query FROM saved_view WHERE name = %s", name)
    assert row == {"owner": "officer-a", "query": "rule=C02"}


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "Enter a name"), ("x" * 81, "It has 81 characters"), ("a\u202eb", "cannot be seen")],
)
def test_an_invalid_name_is_refused_beside_its_field(send, name, told):
    answer = send("save", name=name, status=422)
    assert told in answer.text
    assert 'href="#field-name"' in answer.text
    assert 'aria-current="true">Blocking' in answer.text


def test_names_of_views_are_unique(client, read, send):
    one, two = uuid4().hex, uuid4().hex
    send("save", name=one)
    send("save", name=two)
    assert "Another of your views is named" in send("rename", view=one, status=422, **{"new-name": two}).text
    assert "no longer exists" in send("rename", view=uuid4().hex, status=422, **{"new-name": "x"}).text
    assert {one, two} <= set(names(read, client))


def test_views_are_a_persons_own(client, signed_in, read, send, system):
    name, auditor = uuid4().hex, signed_in("auditor-a")
    send("save", name=name)
    assert name not in names(read, auditor)
    send("delete", by=auditor, view=name)
    send("save", by=auditor, name=name, query="status=any")
    rows = system.rows("SELECT owner, query FROM saved_view WHERE name = %s ORDER BY owner", name)
    assert [row["owner"] for row in rows] == ["auditor-a", "officer-a"]


def test_the_number_of_views_is_limited(monkeypatch, send, system):
    monkeypatch.setattr("app.review.saved_view_records.MOST", 0)
    assert "Delete one first" in send("save", name=uuid4().hex, status=422).text
