"""Federal business days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.procurement.calendar import business_days_after, holidays, is_business_day, months_after, on_or_after


def test_the_holidays_of_a_year_as_observed():
    assert sorted(holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 2, 16),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 7, 3),  # the 4th is a Saturday
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 11),
        date(2026, 11, 26),
        date(2026, 12, 25),
    ]


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        (date(2021, 12, 31), True),  # New Year's Day of 2022 is a Saturday
        (date(2022, 1, 1), False),
        (date(2023, 1, 2), True),  # and that of 2023 a Sunday
        (date(2021, 6, 18), True),  # the first Juneteenth, a Saturday
        (date(2020, 6, 19), False),
        (date(2021, 5, 31), True),
    ],
)
def test_weekends_and_years_move_holidays(day, holiday):
    assert (day in holidays(day.year)) is holiday


@pytest.mark.parametrize(
    ("signed", "due"),
    [
        (date(2026, 9, 14), date(2026, 9, 17)),
        (date(2026, 9, 11), date(2026, 9, 16)),
        (date(2026, 9, 3), date(2026, 9, 9)),  # Labor Day between
        (date(2026, 12, 23), date(2026, 12, 29)),
    ],
)
def test_three_business_days_are_counted(signed, due):
    assert business_days_after(signed, 3) == due


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 10, 1), 6, date(2027, 4, 1)),
        (date(2026, 8, 31), 6, date(2027, 3, 1)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 6, 30), 6, date(2026, 12, 30)),
    ],
)
def test_adding_months_keeps_the_day_or_takes_the_last(day, months, later):
    assert months_after(day, months) == later


@given(day=st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)), count=st.integers(0, 20))
def test_business_days_count_up(day, count):
    end = business_days_after(day, count)
    assert end >= day
    assert count == 0 or is_business_day(end)
    assert business_days_after(day, count + 1) > end
    assert 0 <= (on_or_after(day) - day).days <= 4
