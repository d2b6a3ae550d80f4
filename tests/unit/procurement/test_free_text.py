"""Texts of officers: which are accepted, and with which message others are refused."""

import pytest

from app.procurement.free_text import REASON_LIMIT, refusal, tidied


@pytest.mark.parametrize("text", ['Naïve – 1 < 2 & "so" on', "two\nlines\tand a tab", "", "x" * REASON_LIMIT])
def test_plain_text_is_taken(text):
    assert refusal(text, limit=REASON_LIMIT, lines=True) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\x00b", "Character 2 cannot be seen (U+0000, a control character)"),
        ("a\x1b[31m", "U+001B"),
        ("abc\u202edef", "Character 4 cannot be seen (U+202E, right-to-left override)"),
        ("a\u200bb", "zero width space"),
        ("x" * (REASON_LIMIT + 1), "4,001 characters; at most 4,000"),
    ],
)
def test_a_refused_text_is_reported_with_reason_and_place(text, told):
    assert told in refusal(text, limit=REASON_LIMIT, lines=True)


def test_a_reference_is_one_line():
    assert refusal("one\ntwo", limit=200, lines=False) == "Write it on one line."


def test_line_ends_are_one_character():
    assert tidied("  a\r\nb\rc \n") == "a\nb\nc"
