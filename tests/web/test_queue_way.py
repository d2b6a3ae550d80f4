"""From flag to flag: the next one of the same queue after each decision, and back to the queue at its end."""

import re
from uuid import uuid4

import pytest


@pytest.fixture
def four(flagged):
    """Four flags that one word finds; the second and the fourth block. Newest first, they are in this order."""
    word = f"way{uuid4().hex}"
    made = flagged(
        *({"severity": ("advisory", "blocking")[n % 2], "age": 60 * n} for n in range(4)), because=word
    )
    return word, [str(each) for each in made]


def send(client, address, form, **fields):
    """Send a form of the page at this address, as the page has it; where the answer leads."""
    page = client.get(address).text
    path = re.search(rf'action="([^"]*/{form}[^"]*)"', page)[1].replace("&amp;", "&")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    answer = client.post(path, data={"csrf_token": token, "version": version, **fields})
    assert answer.status_code == 303, answer.text[-2000:]
    return answer.location


def decide(client, address, decision="confirmed"):
    return send(client, address, "decision", decision=decision, rationale="They differ.")


def of(address):
    return re.search(r"[0-9a-f-]{36}", address)[0]


def opened(read, client, address):
    """The address of the first flag of a queue, as the queue links it."""
    return next(link for link in read(client, address).links if re.match(r"/flags/[0-9a-f-]{36}", link))


def test_each_decision_leads_to_the_next_flag_and_the_last_one_back(client, read, four):
    word, made = four
    at = opened(read, client, f"/flags?q={word}")
    seen, left = [], []
    for _ in range(4):
        seen.append(of(at))
        at = decide(client, at)
        page = read(client, at)
        assert "Recorded: confirmed on C02 An invented difference" in page.text
        assert any(of(link) == seen[-1] and "#deciding" in link for link in page.links if "/flags/" in link)
        left += re.findall(r"View or undo ?\. (\d left, \d blocking)\.", page.text)
    assert seen == [made[1], made[3], made[0], made[2]]
    assert left == ["3 left, 1 blocking", "2 left, 0 blocking", "1 left, 0 blocking"]
    assert at == f"/flags?q={word}"
    assert "Nothing left here." in page.text


def test_the_order_and_filter_of_the_queue_are_kept(client, read, four):
    word, made = four
    at = opened(read, client, f"/flags?q={word}&severity=advisory&sort=raised")
    assert of(at) == made[2]
    at = decide(client, at)
    assert of(at) == made[0]
    assert decide(client, at) == f"/flags?q={word}&severity=advisory&sort=raised"


def test_flags_that_were_passed_over_come_at_the_end(client, read, four):
    word, made = four
    at = f"/flags/{made[2]}?queue=q%3D{word}"
    assert of(decide(client, at)) == made[1]


def test_the_page_of_a_flag_leads_to_those_beside_it(client, read, four):
    word, made = four
    page = read(client, f"/flags/{made[3]}?queue=q%3D{word}")
    (before,) = [each["href"] for each in page.all("a") if each.get("rel") == "prev"]
    (after,) = [each["href"] for each in page.all("a") if each.get("rel") == "next"]
    assert (of(before), of(after)) == (made[1], made[0])
    assert "queue=q" in before
    assert "4 left, 2 blocking" in page.text
    assert f"/flags?q={word}" in page.links
    first = read(client, f"/flags/{made[1]}?queue=q%3D{word}")
    assert not [each for each in first.all("a") if each.get("rel") == "prev"]


def test_a_comment_and_an_assignment_stay_on_the_flag(client, four):
    word, made = four
    at = f"/flags/{made[0]}?queue=q%3D{word}"
    expected = f"{at}#deciding"
    assert send(client, at, "comment", comment="I asked the budget office.") == expected
    assert send(client, at, "assignment", assignee="officer-a") == expected


def test_a_rejected_form_keeps_the_queue(client, four):
    word, made = four
    page = client.get(f"/flags/{made[0]}").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    answer = client.post(
        f"/flags/{made[0]}/decision?queue=q%3D{word}",
        data={"csrf_token": token, "version": "0", "decision": "confirmed", "rationale": ""},
    )
    assert answer.status_code == 422
    assert f'/decision?queue=q%3D{word}"' in answer.text


def test_without_a_queue_the_next_of_all_open_flags_follows(client, read, four):
    _, made = four
    after = decide(client, f"/flags/{made[0]}")
    assert re.fullmatch(r"/flags(/[0-9a-f-]{36})?", after)


@pytest.mark.parametrize(
    "queue",
    [
        "//evil.example",
        "https://evil.example/",
        "status=strange",
        "q=%00",
        "sort=x&next=//evil.example",
        "x" * 3_000,
    ],
)
def test_an_invalid_queue_is_ignored_and_reported(client, read, four, queue):
    _, made = four
    page = client.get(f"/flags/{made[0]}", query_string={"queue": queue})
    assert page.status_code == 200
    assert ('id="ignored"' in page.text) == ("=" in queue)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    answer = client.post(
        f"/flags/{made[0]}/decision",
        query_string={"queue": queue},
        data={"csrf_token": token, "version": "0", "decision": "confirmed", "rationale": "They differ."},
    )
    assert answer.status_code == 303
    assert re.match(r"/flags([/?]|$)", answer.location)
    assert "evil" not in answer.location
