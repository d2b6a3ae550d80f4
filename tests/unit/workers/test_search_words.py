"""The words a list is asked about: those that everybody writes alike, the longest first."""

import pytest

from workers.search_words import distinctive, telling


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Example Marine Services, Inc.", ["EXAMPLE", "MARINE"]),
        ("The Example Company", ["EXAMPLE"]),
        ("First Example Int'l Mfg Forty-Four LLC", ["EXAMPLE"]),
        ("J. R. Example GmbH", ["EXAMPLE"]),
        ("1 Services", ["SERVICES", "1"]),
        ("SMITH & SONS LLC", ["SMITH", "SONS"]),
        ("A|B {C} ^D\\", ["A", "B"]),
        ("APEX LLC", ["APEX"]),
        ("O'Neil Boat Co.", ["BOAT"]),
        ("Northgate Global Trading", ["NORTHGATE"]),
        ("Global Trading", ["GLOBAL"]),
        ("Patricia Moorvale-Lane", ["PATRICIA", "MOORVALE"]),
        ("Alder Oakhampton Birchley Elm", ["OAKHAMPTON", "BIRCHLEY"]),
        ("- . -", []),
        ("", []),
    ],
)
def test_the_distinctive_words_of_a_name(name, words):
    assert distinctive(name) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("The Example Marine Services, Inc.", ["EXAMPLE", "MARINE", "SERVICES"]),
        ("J. R. Example", ["EXAMPLE"]),
        ("A & B", ["A", "B"]),
        ("", []),
    ],
)
def test_the_telling_words_leave_out_no_more_than_what_comes_and_goes(name, words):
    assert telling(name) == words
