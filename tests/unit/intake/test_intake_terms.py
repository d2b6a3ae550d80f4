"""Optional fields of a submission: checked like the rest, all problems at once, stored unchanged."""

import json
from datetime import date
from decimal import Decimal

import pytest

from app.intake import IntakeError, parse_actions
from app.procurement.action import OptionExercise, Payment, ProcurementAction
from app.store.actions import to_domain, to_row

BARE = {
    "action_id": "ACT-2026-0001",
    "action_type": "option",
    "piid": "70ZZ0126C0001",
    "modification": "P00002",
    "amount": "250000.00",
    "effective_date": "2026-09-14",
    "vendors": [{"uei": "ZZ9TESTVNDR1", "name": "EXAMPLE MARINE", "role": "prime"}],
}
FULL = {
    **BARE,
    "referenced_idv": "70ZZ0124D0009",
    "reason": "G",
    "solicitation_date": "2025-01-10",
    "period_start": "2026-10-01",
    "period_end": "2027-09-30",
    "total_value": "1250000.00",
    "naics": "541330",
    "psc": "R425",
    "pricing": "J",
    "competition": "A",
    "set_aside": "SBA",
    "payment": "purchase_card",
    "option": {
        "number": 2,
        "price": "250000.00",
        "notice_date": "2026-08-30",
        "preliminary_notice_date": "2026-07-01",
        "quantity": "12.5",
        "clause": "52.217-9",
    },
    "clauses": ["52.232-18", "252.204-7012"],
    "defense": True,
    "construction": True,
    "on_installation": True,
    "performed_abroad": True,
    "unilateral": True,
    "urgent": True,
    "severable": False,
    "replaces": "70ZZ0122C0007",
    "registration_exception": "urgency",
    "overhauled_far": False,
}


def problems(**changes):
    with pytest.raises(IntakeError) as refused:
        parse_actions(json.dumps({**BARE, **changes}))
    return [line.removeprefix("actions[0].") for line in refused.value.problems]


def test_every_term_arrives_in_the_terms_of_the_rules():
    (action,) = parse_actions(json.dumps(FULL))
    assert action.period_end == date(2027, 9, 30)
    assert action.total_value == Decimal(1250000)
    assert action.payment is Payment.PURCHASE_CARD
    assert action.option == OptionExercise(
        number=2,
        price=Decimal(250000),
        notice_date=date(2026, 8, 30),
        preliminary_notice_date=date(2026, 7, 1),
        quantity=Decimal("12.5"),
        clause="52.217-9",
    )
    assert action.clauses == {"52.232-18", "252.204-7012"}
    assert action.severable is False
    assert action.overhauled_far is False


def test_the_form_knows_every_field_of_an_action():
    assert set(FULL) | {"description"} == set(ProcurementAction.__dataclass_fields__)


@pytest.mark.parametrize("submitted", [BARE, FULL], ids=["bare", "full"])
def test_a_row_holds_the_action_as_it_was(submitted):
    (action,) = parse_actions(json.dumps(submitted))
    row = to_row(action)
    assert to_domain({**row, "terms": json.loads(json.dumps(row["terms"]))}) == action
    assert set(row["terms"]) == (set(FULL) - set(BARE) if submitted is FULL else set())


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"total_value": "-1.00"}, "total_value: '-1.00' is negative"),
        ({"option": {"number": 1, "price": "-5.00"}}, "option.price: '-5.00' is negative"),
        ({"option": {"number": 0}}, "option.number: 0 is less than 1"),
        ({"option": {"number": "1"}}, "option.number: '1' is not a whole number"),
        ({"option": {"number": 1, "quantity": "-2"}}, "option.quantity: '-2' is not a quantity"),
        ({"option": {}}, "option.number: is missing"),
        ({"option": {"number": 1, "colour": "red"}}, "option.colour: is not a known field"),
        ({"reason": "Q"}, "reason: 'Q' is not one of 'A', 'B'"),
        ({"pricing": "FFP"}, "pricing: 'FFP' is not one of"),
        ({"competition": "Z"}, "competition: 'Z' is not one of"),
        ({"set_aside": "SMALL"}, "set_aside: 'SMALL' is not one of"),
        ({"payment": "cash"}, "payment: 'cash' is not one of 'eft' or 'purchase_card'"),
        ({"naics": "5413"}, "naics: '5413' is not a NAICS code"),
        ({"psc": "r425"}, "psc: 'r425' is not a product or service code"),
        ({"clauses": ["52.217"]}, "clauses[0]: '52.217' is not a clause"),
        ({"defense": "yes"}, "defense: 'yes' is neither true nor false"),
        ({"severable": 1}, "severable: 1 is neither true nor false"),
        ({"solicitation_date": "1/2/2026"}, "solicitation_date: '1/2/2026' is not a date"),
        (
            {"referenced_idv": "70ZZ0126C0001"},
            "referenced_idv: '70ZZ0126C0001' is the PIID of the action itself",
        ),
        ({"registration_exception": ""}, "registration_exception: '' is too short"),
    ],
)
def test_each_wrong_term_is_named_with_its_value(change, line):
    (found,) = problems(**change)
    assert found.startswith(line)


def test_a_period_that_ends_before_it_starts_is_refused():
    assert problems(period_start="2026-10-01", period_end="2026-09-30") == [
        "period_end: '2026-09-30' is before the period starts ('2026-10-01')"
    ]


def test_a_period_of_one_day_is_a_period():
    assert parse_actions(json.dumps({**BARE, "period_start": "2026-10-01", "period_end": "2026-10-01"}))


def test_option_terms_on_another_type_of_action_are_refused():
    (line,) = problems(action_type="modification", option={"number": 3})
    assert line == "option: option 3 does not fit the action type 'modification'"


def test_a_modification_reason_on_a_new_award_is_refused():
    (line,) = problems(action_type="new_award", modification=None, reason="C")
    assert line == "reason: 'C' is a reason for a modification; a new award has none"


def test_problems_of_fields_and_between_fields_come_at_once():
    found = problems(
        vendors=[],
        modification=None,
        total_value="-1.00",
        period_start="2026-10-01",
        period_end="2026-09-30",
        option={"number": 1, "price": "free"},
    )
    assert [line.split(":")[0] for line in found] == [
        "modification",
        "vendors",
        "period_end",
        "total_value",
        "option.price",
    ]
