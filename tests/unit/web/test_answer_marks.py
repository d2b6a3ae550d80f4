"""A compared value is found in raw answers of any form, and no answer is changed by it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.answer_marks import forms, marked
from app.web.raw_text import SHOWN, readable


def found(value, fact, body):
    return marked(readable(body)[0], forms(value, fact))


def marks(of):
    return [piece.text for piece in of.pieces if piece.mark]


@pytest.mark.parametrize(
    ("value", "fact", "body", "expected"),
    [
        ("$118,400.00", {}, b'{"amount": 118400.0, "other": 1184000.0}', ["118400.0"]),
        ("$118,400.00", {}, b'{"amount": "118400", "price": "118400.50"}', ["118400"]),
        ("-$1,184.50", {}, b'{"net": -1184.5}', ["-1184.5"]),
        ("Expired, expires 2026-08-30", {"status": "Expired", "expires": "2026-08-30"},
         b'{"s": "Expired", "e": "2026-08-30"}', ["Expired", "2026-08-30"]),
        ("2026-08-30", {}, b'{"end": "08/30/2026"}', ["08/30/2026"]),
        ('A "B" & <C>', {}, b'{"name": "A \\"B\\" & <C>"}', ['A \\"B\\" & <C>']),
        ("Société", {}, json.dumps({"name": "Société"}).encode(), ["Soci\\u00e9t\\u00e9"]),
        ("EXAMPLE LLC", {}, b"<xml><name>Example Llc</name></xml>", ["Example Llc"]),
        ("ABC", {}, b'{"name": "ABCD"}', []),
    ],
)  # fmt: skip
def test_a_value_is_found_as_the_answer_writes_it(value, fact, body, expected):
    assert marks(found(value, fact, body)) == expected


def test_a_link_leads_to_the_place_where_most_of_the_value_stands():
    record = {"uei": "ZZ2", "name": "EXAMPLE TWO", "ends": "2026-08-30"}
    body = json.dumps({"day": "2026-08-30", "filler": ["x" * 80] * 40, "rows": [record]}).encode()
    of = found("EXAMPLE TWO, ends 2026-08-30", record, body)
    assert of.places == 3
    (first,) = [piece.text for piece in of.pieces if piece.first]
    assert first == "EXAMPLE TWO"


def test_a_value_that_is_everywhere_is_counted_in_full_and_marked_in_part():
    of = found("ab", {}, b"ab " * 100_000)
    assert of.places == SHOWN // 3 + 1
    assert len(marks(of)) <= 201


@given(
    st.binary(max_size=400), st.text(max_size=60), st.dictionaries(st.text(max_size=5), st.text(max_size=20))
)
def test_the_pieces_are_the_text_whatever_it_is(body, value, fact):
    text, _ = readable(body)
    of = marked(text, forms(value, fact))
    assert "".join(piece.text for piece in of.pieces) == text
    assert sum(piece.first for piece in of.pieces) == (of.places > 0)
    assert all(piece.text for piece in of.pieces)


@given(
    st.text(alphabet='aA1.$,-/\\"[(*+?^ é', max_size=80), st.text(alphabet='aA1.$,-/\\"[(*+?^ é', max_size=12)
)
def test_a_value_is_sought_literally(text, value):
    of = marked(text, forms(value, {}))
    assert "".join(piece.text for piece in of.pieces) == text
    assert all(mark.casefold() in {each.casefold() for each in forms(value, {})} for mark in marks(of))


def test_deep_and_huge_answers_end():
    of = found("$1.00", {"a": {"b": ["$1.00"]}}, b"[" * 2_000_000 + b'"1.00"')
    assert "".join(piece.text for piece in of.pieces) == readable(b"[" * 2_000_000)[0]
