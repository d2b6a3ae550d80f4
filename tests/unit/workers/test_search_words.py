"""The questions a list is asked about a name: words that everybody writes alike, the longest first."""

import pytest

from workers.search_words import questions, telling


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Example Marine Services, Inc.", ["EXAMPLE", "MARINE"]),
        ("The Example Company", ["EXAMPLE"]),
        ("First Example Int'l Mfg Forty-Four LLC", ["EXAMPLE", "FIRST INT'L MFG FORTY FOUR"]),
        ("J. R. Example GmbH", ["EXAMPLE"]),
        ("1 Services", ["SERVICES"]),
        ("SMITH & SONS LLC", ["SMITH", "SONS"]),
        ("A|B {C} ^D\\", ["A", "B"]),
        ("APEX LLC", ["APEX"]),
        ("O'Neil Boat Co.", ["BOAT", "O'NEIL"]),
        ("Northgate Global Trading", ["NORTHGATE", "GLOBAL TRADING"]),
        ("Global Trading", ["GLOBAL"]),
        ("Amberly Medical Equipment Supply Inc", ["AMBERLY", "MEDICAL EQUIPMENT SUPPLY"]),
        ("Patricia Moorvale-Lane", ["PATRICIA", "MOORVALE"]),
        ("Alder Oakhampton Birchley Elm", ["OAKHAMPTON", "BIRCHLEY"]),
        ("Hartstone Pumpen Gesellschaft mit beschränkter Haftung", ["HARTSTONE", "PUMPEN"]),
        ("Example Harbour Public Limited Company", ["EXAMPLE", "HARBOUR"]),
        ("- . -", []),
        ("", []),
    ],
)
def test_two_questions_about_a_name(name, words):
    assert questions(name) == words


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
