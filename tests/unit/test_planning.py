"""A plan asks each of the five systems once, and says why."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.casefile import Source
from app.domain.planning import plan
from app.domain.procurement import ActionType, ProcurementAction, Vendor, VendorRole
from app.domain.rules import CHECKS

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


def test_a_step_names_what_is_asked_and_the_rule_it_serves():
    for step in plan(ACTION):
        rules = [rule.id for rule in CHECKS if step.source in rule.sources]
        assert all(rule in step.reason for rule in rules)
        assert step.question.endswith("?")
    assert "modification P00001 of 70ZZ0126C0001" in plan(ACTION)[2].question


@pytest.mark.parametrize(("number", "words"), [(1, "the vendor"), (2, "the 2 vendors")])
def test_the_number_of_vendors_is_worded(number, words):
    vendors = (ACTION.prime, Vendor(uei="ZZ9TESTVNDR2", name="B", role=VendorRole.OWNER))[:number]
    assert words in plan(replace(ACTION, vendors=vendors))[1].question


def test_a_new_award_is_named_as_such():
    award = replace(ACTION, action_type=ActionType.NEW_AWARD, modification=None)
    assert plan(award)[2].question == "What was reported for the award of 70ZZ0126C0001?"
