"""When a flag that is not decided is late, by its severity."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.review.ageing import AgeingPolicy
from app.review.flag_history import Status
from app.review.settings import ReviewSettings

NOW = datetime(2026, 11, 29, 17, tzinfo=UTC)
POLICY = AgeingPolicy.of_settings(ReviewSettings(blocking_days=5, advisory_days=15))


def flag(severity="blocking", status="open", **age):
    return SimpleNamespace(severity=severity, status=status, open_since=NOW - timedelta(**age))


@pytest.mark.parametrize(
    ("severity", "age", "words"),
    [
        ("blocking", {"hours": 2}, "open since today, to be decided by 2026-12-04"),
        ("blocking", {"days": 1}, "open 1 day, to be decided by 2026-12-03"),
        ("blocking", {"days": 5}, "open 5 days, less than a day past the limit of 5 for blocking flags"),
        ("blocking", {"days": 6}, "open 6 days, 1 day past the limit of 5 for blocking flags"),
        ("advisory", {"days": 6}, "open 6 days, to be decided by 2026-12-08"),
        ("advisory", {"days": 40}, "open 40 days, 25 days past the limit of 15 for advisory flags"),
    ],
)
def test_the_age_of_a_flag_is_said_in_days_and_against_its_limit(severity, age, words):
    found = POLICY.age(flag(severity, **age), NOW)
    assert found.words == words
    assert found.late == ("past" in words)


@pytest.mark.parametrize("status", Status)
def test_only_what_waits_for_a_decision_ages(status):
    ages = status in {Status.OPEN, Status.AWAITING_CONCURRENCE}
    assert (POLICY.age(flag(status=status, days=30), NOW) is not None) == ages


@given(
    st.timedeltas(min_value=timedelta(seconds=-5), max_value=timedelta(days=4000)),
    st.sampled_from(["blocking", "advisory"]),
)
def test_the_filter_and_the_page_agree_on_what_is_late(open_for, severity):
    its = SimpleNamespace(severity=severity, status="open", open_since=NOW - open_for)
    age = POLICY.age(its, NOW)
    assert age.late == (its.open_since <= POLICY.late_before(NOW)[severity]) == (age.due_at <= NOW)
