"""Searches of the queue: parts of names, numbers and amounts, as an officer remembers or copies them."""

from uuid import uuid4

import pytest

VENDOR = {"uei": "ZZ7QKDHARBR5", "name": "EXAMPLE HARBOR-MIDDLE DIVING LLC", "role": "prime", "cage": "7Q9X2"}


@pytest.fixture
def found(client, flagged):
    """Whether a search finds a flag; the search is for one flag on an action of its own."""
    marker = uuid4().hex
    (flag,) = flagged(
        {
            "because": f"The amounts differ: $2,345,678.90 against 1\u00a0000. É {marker}",
            "subject": "70ZZ0126C4711:SF-30",
        },
        action={
            "action_type": "modification",
            "piid": "70ZZ0126C4711",
            "modification": "P00009",
            "amount": "1184000.00",
            "description": "Underwater inspection of piers",
            "vendors": [VENDOR],
        },
    )

    def finds(text):
        answer = client.get("/flags", query_string={"q": f"{marker} {text}"})
        assert answer.status_code == 200
        return f"/flags/{flag}" in answer.text

    return finds


@pytest.mark.parametrize(
    "text",
    [
        *("4711", "6C47", "70zz0126c4711", "P00009", "00009"),
        *("1,184,000", "1184000", "$1,184,000.00", "184,000", "2,345,678.90", "$2345678"),
        *("harbor-mid", "ARBOR", "middle diving", '"middle diving llc"', "Harbor,", "(diving)"),
        *("zz7qkd", "DHARB", "7Q9X", "9x2"),
        *("C02", "invented diff", "water insp", "pi", "p"),
        *("-closed", "-submarine pier", "submarine or pier", "absent or -absent"),
    ],
)
def test_a_part_finds_the_flag(found, text):
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "4712",
            "1,184,001",
            "harbour",
            "zz7qke",
            '"diving middle"',
            "ers"[:2],
            "-pier",
            "-invented",
            '-"middle diving"',
        ),
        *("submarine", "pier submarine", "submarine or nothing"),
    ],
)
def test_what_a_flag_has_not_does_not_find_it(found, text):
    assert not found(text)


def test_parts_that_many_flags_have_are_found_as_well(client, read, flagged, monkeypatch):
    marker = uuid4().hex
    made = flagged(*({} for _ in range(30)), because=f"Common {marker}")
    for share in (0.0, 1.1):  # by reading the texts in order, and by the index
        monkeypatch.setattr("app.review.queries.flag_search.FULL_PAGE", share)
        monkeypatch.setattr("app.review.queries.flag_search.FULL_COUNT", share)
        page = read(client, f"/flags?q=ommon+{marker[3:]}")
        assert "30 left, 0 blocking" in page.text
        assert sum(f"/flags/{each}" in " ".join(page.links) for each in made) == 25


def test_new_flags_and_exports_follow_the_same_search(client, flagged):
    marker = uuid4().hex
    (flag,) = flagged({"because": f"Exported {marker}"})
    answer = client.get("/flags.csv", query_string={"q": marker[4:20]}, buffered=True)
    assert str(flag) in answer.text
    assert str(flag) not in client.get("/flags.csv", query_string={"q": marker[::-1]}, buffered=True).text


@pytest.mark.parametrize(
    "text",
    ['"', '""', "-", "or", "or or", "-or", "é", "日", "%", "_", "\\", "'", "a" * 200, "or ".join("ab" * 40)],
)
def test_odd_searches_find_something_or_nothing_and_break_nothing(client, text):
    assert client.get("/flags", query_string={"q": text[:200]}).status_code == 200
