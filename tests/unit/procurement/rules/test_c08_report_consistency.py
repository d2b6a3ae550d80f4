"""C08: the action's own report does not have the work end before it was signed, or a foreign firm small."""

from dataclasses import replace
from datetime import date

import pytest

from app.procurement.facts import Address

ABROAD = Address(city="Kiel", country="DEU")
NORFOLK = Address(city="NORFOLK", state="VA", country="USA")


@pytest.fixture
def ended(report):
    return replace(report(), signed=date(2026, 9, 14), current_completion=date(2026, 9, 13))


def test_work_that_ends_before_the_signature_is_found_with_both_dates(findings, award, ended):
    (found,) = findings(award, ended, rule="C08")
    assert (found.severity, found.subject) == ("advisory", award.piid)
    assert "2026-09-13" in found.because
    assert "2026-09-14" in found.because


@pytest.mark.parametrize(
    "changes",
    [
        {"current_completion": date(2026, 9, 14)},
        {"current_completion": None},
        {"signed": None},
        {"is_vehicle": True},
        {"status": "draft"},
        {"modification": "P00001"},
    ],
)
def test_dates_in_order_or_of_another_report_are_no_finding(findings, award, ended, changes):
    assert findings(award, replace(ended, **changes), rule="C08") == []


@pytest.mark.parametrize(("reason", "found"), [("A", 1), ("G", 1), ("B", 0), ("K", 0), ("M", 0), (None, 0)])
def test_of_modifications_only_new_work_is_looked_at(findings, modification, ended, reason, found):
    own = replace(ended, modification="P00001", reason=reason)
    assert len(findings(modification, own, rule="C08")) == found


@pytest.mark.parametrize(
    ("changes", "address", "found"),
    [
        ({"vendor_country": "DEU"}, ABROAD, 1),
        ({"vendor_country": "GERMANY"}, None, 1),
        ({"foreign_owned_and_located": True}, ABROAD, 1),
        ({"vendor_country": "DEU", "size": "O"}, ABROAD, 0),
        ({"vendor_country": "DEU"}, NORFOLK, 0),
        ({"vendor_country": "PRI"}, None, 0),
        ({"vendor_country": "N/A"}, ABROAD, 0),
        ({}, ABROAD, 0),
    ],
)
def test_a_foreign_firm_reported_as_small(findings, award, report, registration, changes, address, found):  # noqa: PLR0917  # fixtures
    row = replace(registration(), address=address)
    assert len(findings(award, replace(report(), **{"size": "S", **changes}), row, rule="C08")) == found


def test_both_errors_are_one_finding(findings, award, ended):
    (found,) = findings(award, replace(ended, size="S", vendor_country="DEU"), rule="C08")
    assert "before the signature" in found.because
    assert "another country" in found.because
