"""To whom a flag is referred, by when, and which words are taken for a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.review.referrals import LATEST, OFFICES, ReferralPolicy, day_of, due_words, referral_faults

TODAY = date(2026, 11, 29)
POLICY = ReferralPolicy(offices=("Legal Counsel", "Finance Office"), days=90)


@pytest.mark.parametrize(
    ("office", "due_on", "wrong"),
    [
        ("Legal Counsel", TODAY, []),
        ("Finance Office", TODAY + timedelta(days=90), []),
        ("", TODAY, ["office"]),
        (None, None, ["office", "due_on"]),
        ("legal counsel", TODAY, ["office"]),
        ("Legal Counsel ", TODAY, ["office"]),
        ("Small Business Specialist", TODAY, ["office"]),
        ("Legal Counsel", TODAY - timedelta(days=1), ["due_on"]),
        ("Legal Counsel", TODAY + timedelta(days=91), ["due_on"]),
        ("Legal Counsel", date.min, ["due_on"]),
        ("Legal Counsel", date.max, ["due_on"]),
    ],
)
def test_a_referral_names_a_known_office_and_a_day_within_the_policy(office, due_on, wrong):
    assert [name for name, _ in POLICY.faults(office, due_on, today=TODAY)] == wrong


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2028-02-29", date(2028, 2, 29)),
        *(
            (text, None)
            for text in ("", " ", "2027-02-29", "2026-13-01", "20261201", "2026-W49-1", "12/01/2026")
        ),
        *(
            (text, None)
            for text in ("2026-12-1", "２０２６-12-01", "2026-12-01T00:00", "tomorrow", "0000-01-01")
        ),
    ],
)
def test_a_day_is_written_in_one_way(text, day):
    assert day_of(text) == day


@given(st.text(max_size=30), st.one_of(st.text(max_size=20), st.dates().map(str)))
def test_whatever_is_typed_is_refused_by_field_or_is_a_referral(office, due_on):
    faults = dict(referral_faults(POLICY, office, due_on, TODAY))
    day = day_of(due_on)
    assert faults.keys() <= {"office", "due_on"}
    assert ("office" in faults) == (office not in POLICY.offices)
    assert ("due_on" in faults) == (day is None or not TODAY <= day <= POLICY.latest(TODAY))
    assert all(text.endswith(".") for text in faults.values())


def test_what_is_no_day_is_told_apart_from_what_is_missing():
    assert dict(referral_faults(POLICY, "Legal Counsel", "", TODAY))["due_on"].startswith("Enter the day by")
    told = dict(referral_faults(POLICY, "Legal Counsel", "2027-02-29", TODAY))["due_on"]
    assert told == "Enter the day as year, month and day, such as 2027-02-27."


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (3, "due in 3 days"),
        (1, "due in 1 day"),
        (0, "due today"),
        (-1, "1 day overdue"),
        (-400, "400 days overdue"),
    ],
)
def test_when_a_referral_is_due_is_said_in_days(days, words):
    assert due_words(TODAY + timedelta(days=days), today=TODAY) == words


def test_the_offices_of_most_agencies_fit_their_own_limits():
    assert len(set(OFFICES)) == len(OFFICES)
    assert list(ReferralPolicy().faults(OFFICES[0], TODAY, today=TODAY)) == []
    assert ReferralPolicy(days=LATEST).latest(TODAY) == date(2027, 11, 29)
