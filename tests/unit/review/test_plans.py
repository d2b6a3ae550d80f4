"""A stored plan: which answers a second round waits for, and which checks wait for them."""

from uuid import UUID

import pytest

from app.credentials.tables import StepRow
from app.review.queries.plans import numbered, plans_of, rules_of


def step(number, *, attempt=1, **changed):
    usual = {"rules": [], "helps": [], "after": [], "question": "?", "reason": "", "tool": "ledger"}
    return StepRow(run_id=UUID(int=1), attempt=attempt, number=number, **{**usual, **changed})


STEPS = [
    step(1, rules=["R01", "E01"], tool="sam-gov"),
    step(2, rules=["E01"], helps=["R02"]),
    step(3, rules=["R02", "Z99"], after=[1, 2]),
    step(4, needed=False, why_not="nothing uses it"),
    step(5, after=[1]),
]


def test_every_step_starts_at_once_and_some_have_more_to_ask():
    (plan,) = plans_of(STEPS)
    assert [plan.start_of(each) for each in plan.steps] == [
        "at once",
        "at once",
        "at once; then waits for SAM.gov registrations and Financial obligations (steps 1 and 2)",
        "never",
        "at once; then waits for SAM.gov registrations (step 1)",
    ]


def test_checks_wait_for_the_steps_they_need_in_the_order_of_the_rules():
    (plan,) = plans_of(STEPS)
    assert [(each.rule, each.waits_for, each.helped_by) for each in plan.checks] == [
        ("R01", [1], []),
        ("R02", [3], [2]),
        ("E01", [1, 2], []),
        ("Z99", [3], []),
    ]
    assert plan.checks[0].title == "Registration not active"
    assert plan.checks[-1].title is None


def test_each_attempt_has_a_plan_of_its_own():
    first, second = plans_of([step(1), step(2), step(1, attempt=3)])
    assert (first.attempt, len(first.steps), second.attempt, len(second.steps)) == (1, 2, 3, 1)
    assert second.start_of(second.steps[0]) == "at once"


def test_a_plan_of_earlier_days_says_that_nothing_was_recorded():
    (plan,) = plans_of([step(1, rules=None, helps=None, after=None)])
    assert plan.start_of(plan.steps[0]) == "not recorded"
    assert rules_of(plan.steps[0]) == plan.checks == []


@pytest.mark.parametrize(
    ("steps", "words"), [([4], "step 4"), ([1, 2], "steps 1 and 2"), ([1, 2, 5], "steps 1, 2 and 5")]
)
def test_steps_are_called_by_number(steps, words):
    assert numbered(steps) == words
