"""Scenarios written as changes of a base."""

import re

import pytest

from known_answers.scenarios.variation import VariationError, expand

CLEAN = {"title": "Clean", "base": "new-award", "number": 714, "expected": []}


def varied(*changes):
    return expand({**CLEAN, "changes": list(changes)})


def test_a_copy_stands_beside_its_source_and_is_changed_alone():
    whole = varied(
        {"op": "copy", "from": "/documents/0", "path": "/documents/-"},
        {"op": "replace", "path": "/documents/4/signedDates/co", "value": None},
    )
    assert len(whole["documents"]) == 5
    assert whole["documents"][4]["documentId"] == whole["documents"][0]["documentId"]
    assert whole["documents"][4]["signedDates"]["co"] is None
    assert whole["documents"][0]["signedDates"]["co"] == "2026-09-14"


def test_null_is_a_value():
    whole = varied({"op": "replace", "path": "/documents/0/amount", "value": None})
    assert whole["documents"][0]["amount"] is None


def test_number_gives_identifiers_and_names_of_its_own():
    whole = varied()
    assert whole["action"]["piid"] == "70ZZ0126C9714"
    assert whole["action"]["vendors"][0]["uei"] == "Z714PRMEVND1"
    assert "NORTHWIND" not in str(whole)


def test_a_variation_shares_no_cage_code():
    numbered = {**CLEAN, "changes": []}
    codes = [
        expand({**numbered, "number": number})["action"]["vendors"][0]["cage"] for number in range(1, 1000)
    ]
    assert len(set(codes)) == len(codes)
    assert codes[713] == "M0B11"


@pytest.mark.parametrize(
    "change",
    [
        {"op": "mend", "path": "/documents/0"},
        {"op": "copy", "path": "/documents/-"},
        {"op": "copy", "from": "/documents/9", "path": "/documents/-"},
        {"op": "replace", "path": "/documents/9", "value": {}},
        {"op": "replace", "path": "", "value": 1},
        {"op": "add", "path": "/documents/-"},
        {"op": "remove", "path": "documents"},
        {"op": "remove", "path": 1},
    ],
)
def test_a_change_that_cannot_be_made_is_named(change):
    named = re.escape(f"changes[0]: {change['op']!r} at {change['path']!r} does not fit the base")
    with pytest.raises(VariationError, match=f"^{named}"):
        varied(change)
