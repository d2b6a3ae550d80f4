"""Where written values differ when case, blanks and punctuation are ignored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.procurement.difference import differences


def marked(*values):
    return [written.differing for written in differences(values)]


@pytest.mark.parametrize(
    "values",
    [
        ("EXAMPLE SUMMIT ROOFING, L.L.C.", "Example Summit  Roofing Llc"),
        ("70ZZ01-26-C-9876", "70ZZ0126C9876"),
        ("ACME CORP", "AcmeCorp"),
        ("$250,000", "250000.00"),
        ("２５０", "250"),
        ("", ""),
    ],
)
def test_a_value_that_differs_only_in_notation_is_not_marked(values):
    assert marked(*values) == [(), ()]
    assert [written.same_as for written in differences(values)] == [(1,), (0,)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("ZZ03SUBSVND2", "ZZ03SUBSVMD2"), [("N",), ("M",)]),
        (("Example Roofing LLC", "Example Plumbing LLC"), [("Roofing",), ("Plumbing",)]),
        (("Example Roofing LLC", "Example LLC"), [("Roofing",), ()]),
        (("$1,184,000.00", "$1,148,000.00"), [("$1,184,000.00",), ("$1,148,000.00",)]),
        (("$1,000.00", "$100000"), [("$1,000.00",), ("$100000",)]),
        (("-$5.00", "$5.00"), [("-$5.00",), ("$5.00",)]),
        (("5%", "5"), [("5%",), ("5",)]),
        (("2026-09-21", "2026-09-12"), [("2026-09-21",), ("2026-09-12",)]),
    ],
)
def test_words_and_characters_that_differ_are_marked(values, expected):
    assert marked(*values) == expected


def test_of_three_values_the_two_that_agree_are_named():
    first, second, third = differences(("$1,184,000.00", "$1,148,000.00", "$1184000"))
    assert (first.same_as, second.same_as, third.same_as) == ((2,), (), (0,))
    assert second.throughout


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_the_parts_put_together_are_the_value(values):
    for value, written in zip(values, differences(values), strict=True):
        assert "".join(part.text for part in written.parts) == value
    assert not any(written.differing for written in differences([values[0], values[0]]))


def test_a_long_value_takes_no_long_time():
    long, other = (" ".join(f"{word}{number}" for number in range(20_000)) for word in ("a", "b"))
    first, second = differences([long, other])
    assert first.differing
    assert second.differing


def test_a_long_word_is_compared_as_a_whole():
    """Character by character, time grows with the square of its length."""
    for length, expected in ((200, ("z",)), (201, ("a" * 200 + "z",))):
        assert marked("a" * (length - 1) + "z", "a" * (length - 1) + "y")[0] == expected
    long = "a" * 100_000
    assert marked(f"Example {long}z LLC", f"Example {long}y LLC") == [(f"{long}z",), (f"{long}y",)]


def test_many_long_words_are_compared_as_wholes_but_for_the_first():
    first, second = (" ".join([f"{'a' * 149}{mark}"] * 50) for mark in ("z", "y"))
    assert marked(first, second)[0] == ("z", *[first.split()[0]] * 49)
