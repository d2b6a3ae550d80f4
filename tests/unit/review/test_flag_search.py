"""How a search is read: parts, phrases, what to exclude, and alternatives."""

import pytest

from app.review.queries.flag_search import MOST, search_of


def parts(text):
    return [
        [("-" if part.excluded else "") + part.text for part in each] for each in search_of(text).alternatives
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0012", [["0012"]]),
        ("  prairie   holdings ", [["prairie", "holdings"]]),
        ('"prairie holdings" -closed', [["prairie holdings", "-closed"]]),
        ('-"prairie holdings"', [["-prairie holdings"]]),
        ("ACT-2026-0012", [["ACT-2026-0012"]]),
        ("Prairie, (Inc.)", [["Prairie", "Inc"]]),
        ("one or two three", [["one"], ["two", "three"]]),
        ("or one OR or two or", [["one"], ["two"]]),
        ("-or", [["-or"]]),
        ('"or"', [["or"]]),
        ('"open', [["open"]]),
        ("1,184,000", [["1,184,000"]]),
        (",", [[","]]),
        ("-", [["-"]]),
        *((text, []) for text in ("", '"', '""', "or")),
    ],
)
def test_a_search_is_read(text, expected):
    assert parts(text) == expected


def test_parts_have_names_that_tell_the_form_of_the_search():
    assert set(search_of("one two").values) != set(search_of("one or two").values)
    assert set(search_of("one -two").values) != set(search_of("one two").values)
    assert set(search_of("one t").values) != set(search_of("one two").values)


def test_only_so_many_parts_are_searched_for():
    assert len(parts("x " * 100)[0]) == MOST
