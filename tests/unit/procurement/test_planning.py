"""A plan asks each of the five systems once, and says why."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement import planning
from app.procurement.action import ActionType, OptionExercise, ProcurementAction, Vendor, VendorRole
from app.procurement.planning import goal, plan
from app.procurement.rules import CHECKS
from app.procurement.rules.support.applicability import does_not_apply
from app.procurement.systems import Source

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
    assert [step.tool for step in steps] == list(Source)


def test_every_source_a_rule_needs_is_planned():
    assert {source for rule in CHECKS for source in rule.sources} <= {step.tool for step in plan(ACTION)}


def test_a_step_names_what_is_asked_and_every_check_it_serves():
    for step in plan(ACTION):
        for rule in CHECKS:
            concerned = step.tool in {*rule.sources, *rule.helped_by}
            applies = does_not_apply(rule, ACTION) is None
            assert (rule.id in step.reason) is (concerned and not applies)
            assert (rule.id in step.rules) is (applies and step.tool in rule.sources)
            assert (rule.id in step.helps) is (
                applies and step.tool in rule.helped_by and step.tool not in rule.sources
            )
        assert step.question.endswith("?")
    assert "modification P00001 of 70ZZ0126C0001" in plan(ACTION)[2].question


def test_all_steps_are_needed_and_only_the_search_by_name_waits():
    """Even where no money moves: something booked on such a modification would be a discrepancy (C02)."""
    for amount in (Decimal(10), Decimal(0), Decimal(-10)):
        steps = plan(replace(ACTION, amount=amount))
        assert all(step.needed and step.rules for step in steps)
        tools = {step.number: step.tool for step in steps}
        waits = {step.tool: [tools[number] for number in step.after] for step in steps if step.after}
        assert waits == {"debarment": ["sam-gov", "documents"]}


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
    assert not set(rules) & {rule for step in steps for rule in (*step.rules, *step.helps)}
    reasons = [step.reason for step in steps if rules[0] in step.reason]
    assert reasons
    assert all(f"because {because}" in reason for reason in reasons)


def test_checks_apply_where_the_action_calls_for_them():
    option = replace(ACTION, action_type=ActionType.OPTION, amount=Decimal(400000), psc="R425")
    named = {rule for step in plan(option) for rule in (*step.rules, *step.helps)}
    assert named == {rule.id for rule in CHECKS}
    assert plan(option)[3].question.endswith("on what terms may the option be exercised?")


def test_a_step_without_a_check_that_applies_is_not_needed_and_says_why(monkeypatch):
    monkeypatch.setattr(
        planning,
        "does_not_apply",
        lambda rule, _: "it is a test" if Source.LEDGER in {*rule.sources, *rule.helped_by} else None,
    )
    *needed, ledger = plan(ACTION)
    assert (ledger.tool, ledger.needed, ledger.rules, ledger.helps) == (Source.LEDGER, False, (), ())
    assert ledger.why_not.startswith("No check that applies uses this system. Not applicable: ")
    assert ledger.why_not.endswith(", because it is a test.")
    assert all(step.needed and step.why_not is None and step.rules for step in needed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "modification P00001 of contract 70ZZ0126C0001 is signed: $10.00, 1 vendor."),
        ({"total_value": Decimal(5000)}, "is signed: $10.00, value with options $5,000.00, 1 vendor."),
        ({"piid": "70ZZ0126P0001"}, "of purchase order 70ZZ0126P0001 is signed"),
        (
            {
                "action_type": ActionType.NEW_AWARD,
                "modification": None,
                "piid": "70ZZ0126F0001",
                "referenced_idv": "70ZZ0124D0001",
            },
            "the award of order 70ZZ0126F0001, placed under 70ZZ0124D0001 is signed",
        ),
        (
            {"action_type": ActionType.OPTION, "option": OptionExercise(number=2), "piid": "70ZZ0126D0001"},
            "option 2 by modification P00001 of indefinite-delivery contract 70ZZ0126D0001",
        ),
    ],
)
def test_the_goal_names_type_instrument_value_and_vendors(change, said):
    wanted = goal(replace(ACTION, **change))
    assert wanted.startswith("Find where the systems differ before ")
    assert said in wanted


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
