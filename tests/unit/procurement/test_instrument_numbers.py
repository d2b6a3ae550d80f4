"""Numbers of instruments: the same for each way of writing them, and different for different instruments."""

import pytest

from app.procurement.instrument_numbers import (
    modification_label,
    number_at,
    same_contract,
    same_modification,
    series,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GS-35F-0511T", "GS35F0511T"),
        ("70zz 0126 c 0001", "70ZZ0126C0001"),
        ("0001", "1"),
        ("SP0600-04-D-0001", "SP060004D0001"),
    ],
)
def test_punctuation_case_and_the_zeros_of_an_order_make_no_other_contract(one, other):
    assert same_contract(one, other)
    assert same_contract(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0001", "0010"),
        ("NNG15SD19B", "NNG15SD19C"),
        ("00000000000017", "17"),
        ("GS35F0511T", "GS35F511T"),
        (None, "0001"),
        ("", "0001"),
    ],
)
def test_other_numbers_are_other_contracts(one, other):
    assert not same_contract(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("p1", "P00001"), ("05", "5"), ("P-00001", "P00001"), (None, "0"), ("00", "0"), ("", None)],
)
def test_spellings_of_a_modification(one, other):
    assert same_modification(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("5", "P00005"), ("A00001", "P00001"), ("5", "50"), ("0", "1"), (None, "P00000")]
)
def test_other_modifications(one, other):
    assert not same_modification(one, other)


def test_each_series_counts_by_itself_and_the_award_is_in_none():
    assert [series(number) for number in ("P00003", "A1", "5", "M012", "0", "1A2", "9" * 5000)] == [
        ("P", 3),
        ("A", 1),
        ("", 5),
        ("M", 12),
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("number", ["P00003", "5", "0", "ARZ9X1"])
def test_a_label_is_its_own_label(number):
    assert modification_label(number) == number
    place = series(number)
    assert place is None or number_at(*place) == number
