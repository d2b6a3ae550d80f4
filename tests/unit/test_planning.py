"""A plan asks each of the five systems once, and says why."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.casefile import Source
from app.domain.planning import plan
from app.domain.procurement import ActionType, ProcurementAction, Vendor, VendorRole
from app.domain.rules import CHECKS
from app.domain.rules.applicability import does_not_apply

ACTION = ProcurementAction(
    action_id="ACT-1",
    action_type=ActionType.MODIFICATION,
    piid="70ZZ0126C0001",
    modification="P00001",
    amount=Decimal("10.00"),
    effective_date=date(2026, 9, 14),
    description="",
    vendors=(Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE", role=VendorRole.PRIME),),
)


def test_every_system_is_asked_once_in_numbered_steps():
    steps = plan(ACTION)
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert [step.source for step in steps] == list(Source)


def test_every_source_a_rule_needs_is_planned():
    assert {source for rule in CHECKS for source in rule.sources} <= {step.source for step in plan(ACTION)}


def test_a_step_names_what_is_asked_and_every_check_it_serves():
    for step in plan(ACTION):
        for rule in CHECKS:
            concerned = step.source in {*rule.sources, *rule.helped_by}
            assert (rule.id in step.reason) is concerned
            assert (rule.id in step.rules) is (concerned and does_not_apply(rule, ACTION) is None)
        assert step.question.endswith("?")
    assert "modification P00001 of 70ZZ0126C0001" in plan(ACTION)[2].question


def test_no_step_waits_for_another_and_all_are_needed():
    """Even where no money moves: something booked on such a modification would be a discrepancy (C02)."""
    for amount in (Decimal(10), Decimal(0), Decimal(-10)):
        steps = plan(replace(ACTION, amount=amount))
        assert all(step.needed and step.rules and step.after == () for step in steps)


@pytest.mark.parametrize(
    ("change", "rules", "because"),
    [
        ({"amount": Decimal(0)}, ("F01", "F03", "F04"), "the action adds no money"),
        ({}, ("C05",), "it is a modification"),
        ({"psc": "1940"}, ("F04",), "it buys supplies (product code 1940)"),
        ({}, ("E06",), "its value is not above $350,000.00"),
    ],
)
def test_a_check_that_does_not_apply_says_why(change, rules, because):
    steps = plan(replace(ACTION, **change))
    assert not set(rules) & {rule for step in steps for rule in step.rules}
    reasons = [step.reason for step in steps if rules[0] in step.reason]
    assert reasons
    assert all(f"because {because}" in reason for reason in reasons)


def test_checks_apply_where_the_action_calls_for_them():
    option = replace(ACTION, action_type=ActionType.OPTION, amount=Decimal(400000), psc="R425")
    assert {rule for step in plan(option) for rule in step.rules} == {rule.id for rule in CHECKS}
    assert plan(option)[3].question.endswith("on what terms may the option be exercised?")


@pytest.mark.parametrize(("number", "words"), [(1, "the vendor"), (2, "the 2 vendors")])
def test_the_number_of_vendors_is_worded(number, words):
    vendors = (ACTION.prime, Vendor(uei="ZZ9TESTVNDR2", name="B", role=VendorRole.OWNER))[:number]
    assert words in plan(replace(ACTION, vendors=vendors))[1].question


def test_a_new_award_is_named_as_such():
    award = replace(ACTION, action_type=ActionType.NEW_AWARD, modification=None)
    assert plan(award)[2].question == "What was reported for the award of 70ZZ0126C0001?"


def test_an_order_is_asked_about_with_its_vehicle():
    order = replace(ACTION, piid="70ZZ0126F0002", referenced_idv="70ZZ0124D0001")
    assert "of 70ZZ0126F0002, placed under 70ZZ0124D0001?" in plan(order)[2].question
