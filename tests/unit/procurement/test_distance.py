"""How far values are apart, in words."""

import pytest

from app.procurement.distance import Stated, amounts_apart, days_apart


def amounts(*values):
    return list(amounts_apart([Stated(who, value, side) for who, value, side in values]))


def days(*values):
    return list(days_apart([Stated(who, value) for who, value in values]))


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ("$1,184,000.00", "$1,148,000.00", "$36,000.00 more (3.1 %)"),
        ("$100.00", "$400.00", "$300.00 less (75.0 %)"),
        ("-$50.00", "$50.00", "$100.00 less (200.0 %)"),
        ("$5.00", "$0.00", "$5.00 more"),
        ("$10,000,000.00", "$10,000,001.00", "$1.00 less (less than 0.1 %)"),
    ],
)
def test_two_amounts(ours, theirs, words):
    assert amounts(("A", ours, "x"), ("B", theirs, "y")) == [f"{ours} against {theirs} (B): {words}"]


def test_amounts_of_one_side_add_up_and_others_are_left_out():
    found = amounts(
        ("Contracts", "$1,655.00", "total"),
        ("Ledger", "$1,537.00", "net"),
        ("Ledger", "$110.00", "net"),
        ("Ledger", "$9.00", None),
        ("Contracts", "none", "total"),
    )
    assert found == ["$1,655.00 against $1,647.00 in 2 amounts (Ledger): $8.00 more (0.5 %)"]


def test_equal_amounts_and_single_ones_say_nothing():
    assert amounts(("A", "$1.00", "x"), ("B", "$1.00", "y")) == []
    assert amounts(("A", "$1.00", "x")) == []
    assert amounts() == []


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ("2026-12-14", "Active, expires 2026-12-13", ["2026-12-14 against 2026-12-13 (B): 1 day later"]),
        ("2026-08-01", "2026-08-31", ["2026-08-01 against 2026-08-31 (B): 30 days earlier"]),
        ("2026-08-01", "2026-08-01", []),
        ("2026-08-01 to 2026-09-01", "2026-08-31", []),
        ("2026-02-30", "2026-08-31", []),
        ("DOC-2026-08-01-7", "2026-08-31", []),
    ],
)
def test_two_dates(ours, theirs, words):
    assert days(("A", ours), ("B", theirs)) == words
