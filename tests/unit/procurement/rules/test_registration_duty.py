"""Who must be registered when, by an agency's supplement and by the day a rule changed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.procurement.rules.support.registration_duty import BREAKS_ALLOWED_SINCE

SUPPLEMENT = "DFARS 204.1103(2)(i)"


@pytest.fixture
def lapsed(registration):
    return registration(status="Inactive", expires=date(2026, 9, 1))


@pytest.fixture
def defense(modification):
    return replace(modification, defense=True)


@pytest.mark.parametrize("overhauled", [True, False])
def test_a_defense_modification_needs_an_active_registration_under_either_far(
    findings, defense, lapsed, overhauled
):
    action = replace(defense, overhauled_far=overhauled, vendors=defense.vendors[:1])
    for rule, rows in (("R01", [lapsed]), ("R02", [])):
        (found,) = findings(action, *rows, rule=rule)
        assert found.severity == "blocking"
        assert SUPPLEMENT in found.because
        assert SUPPLEMENT in found.authority.codified
        assert SUPPLEMENT in found.authority.rfo


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"unilateral": True, "amount": Decimal(0), "reason": "M"}, "advisory"),
        ({"unilateral": True, "amount": Decimal(0)}, "advisory"),
        ({"unilateral": True, "amount": Decimal(0), "reason": "D"}, "blocking"),
        ({"unilateral": True, "reason": "C"}, "blocking"),
        ({"unilateral": True, "amount": Decimal(100)}, "blocking"),
        ({"unilateral": True, "amount": Decimal(100), "reason": "M"}, "advisory"),
        ({"amount": Decimal(0), "reason": "M"}, "blocking"),
        ({"defense": False}, "advisory"),
        ({"registration_exception": "classified contract"}, "advisory"),
    ],
)
def test_only_an_administrative_change_by_the_government_alone_is_spared(
    findings, defense, lapsed, changes, severity
):
    (found,) = findings(replace(defense, **changes), lapsed, rule="R01")
    assert found.severity == severity


def test_the_supplement_is_about_the_contractor(findings, defense, registration):
    rows = [registration(), registration("ZZ9TESTVNDR2", status="Inactive")]
    (found,) = findings(defense, *rows, rule="R01")
    assert (found.subject, found.severity) == ("ZZ9TESTVNDR2", "advisory")


def test_a_defense_option_needs_it_though_an_order_under_the_codified_far_does_not(findings, option, lapsed):
    order = replace(
        option,
        referenced_idv="70ZZ0124D0001",
        clauses=frozenset({"52.204-13"}),
        overhauled_far=False,
        vendors=option.vendors[:1],
    )
    assert [each.severity for each in findings(order, lapsed, rule="R01")] == ["advisory"]
    (found,) = findings(replace(order, defense=True), lapsed, rule="R01")
    assert found.severity == "blocking"


@pytest.mark.parametrize(
    ("solicited", "found"),
    [
        (BREAKS_ALLOWED_SINCE - timedelta(1), ["blocking"]),
        (BREAKS_ALLOWED_SINCE, []),
        (None, []),
    ],
)
def test_a_break_after_the_offer_counts_for_solicitations_before_the_change(
    findings, award, registration, solicited, found
):
    action = replace(award, solicitation_date=solicited, vendors=award.vendors[:1])
    renewed = replace(registration(), activated=date(2026, 9, 1))
    assert [each.severity for each in findings(action, renewed, rule="R01")] == found


def test_one_account_registered_since_before_the_offer_is_enough(findings, award, registration):
    action = replace(award, solicitation_date=date(2024, 10, 1), vendors=award.vendors[:1])
    rows = [
        replace(registration(), activated=date(2026, 9, 1)),
        replace(registration(), activated=date(2024, 6, 1)),
    ]
    assert findings(action, *rows, rule="R01") == []
    assert len(findings(action, rows[0], rule="R01")) == 1


@pytest.mark.parametrize("activated", [date(2024, 6, 1), None])
def test_a_registration_active_since_before_the_offer_has_no_break(findings, award, registration, activated):
    action = replace(award, solicitation_date=date(2024, 10, 1), vendors=award.vendors[:1])
    assert findings(action, replace(registration(), activated=activated), rule="R01") == []
