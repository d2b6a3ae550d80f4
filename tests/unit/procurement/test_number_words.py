"""Numbers in words."""

import pytest

from app.procurement.number_words import in_figures


@pytest.mark.parametrize(
    ("words", "figures"),
    [
        ("ONE EXAMPLE WAY", "1 EXAMPLE WAY"),
        ("TWENTY ONE MAIN", "21 MAIN"),
        ("ONE HUNDRED AND FIVE MAIN", "105 MAIN"),
        ("ONE HUNDRED AND SONS", "100 AND SONS"),
        ("TWELVE HUNDRED FIRST ST", "1200 1. ST"),
        ("ONE HUNDRED AND FIRST", "101."),
        ("ONE HUNDRED TWENTY FIFTH", "125."),
        ("TWO THOUSAND THREE HUNDRED TEN", "2310"),
        ("FIFTH 5TH 21ST", "5. 5. 21."),
        ("TWENTIETH NINTH TWELFTH", "20. 9. 12."),
        ("ONE TWO", "1 2"),
        ("NORTH HUNDRED ACRE", "NORTH HUNDRED ACRE"),
        ("ONE HUNDRED HUNDRED", "100 HUNDRED"),
        ("ONE HUNDRED THOUSAND", "100000"),
        (f"{'9' * 5000}TH", f"{'9' * 5000}TH"),
        ("", ""),
    ],
)
def test_numbers_are_read_as_figures(words, figures):
    assert " ".join(in_figures(words.split())) == figures
