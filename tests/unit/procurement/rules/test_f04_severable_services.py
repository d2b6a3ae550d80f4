"""F04: services on annual funds last a year at most."""

from dataclasses import replace
from datetime import date

import pytest

from app.procurement.contract_facts import Tas

ANNUAL = Tas(agency="070", main="0613", available_from=2026, available_to=2026)


@pytest.fixture
def services(award):
    return replace(award, psc="R425", period_start=date(2026, 9, 14), period_end=date(2027, 12, 31))


@pytest.fixture
def annual(commitment):
    return replace(commitment(), tas=ANNUAL)


def test_services_longer_than_a_year_on_annual_funds_block(findings, services, annual):
    (found,) = findings(services, annual, rule="F04")
    assert (found.severity, found.subject) == ("blocking", services.piid)
    assert "from 2026-09-14 to 2027-12-31" in found.because
    assert "070-2026/2026-0613-000" in found.because


def test_a_year_is_no_finding(findings, services, annual):
    assert findings(replace(services, period_end=date(2027, 9, 13)), annual, rule="F04") == []


def test_a_modification_is_advisory(findings, services, annual, modification):
    action = replace(
        modification, psc="R425", period_start=services.period_start, period_end=services.period_end
    )
    (found,) = findings(action, annual, rule="F04")
    assert found.severity == "advisory"


def test_the_ledgers_annual_funds_count(findings, services, line):
    assert findings(services, replace(line(), fund_type="annual"), rule="F04")


def test_the_code_of_the_instrument_counts_where_the_action_has_none(findings, services, annual, document):
    action = replace(services, psc=None)
    assert findings(action, annual, rule="F04") == []
    assert findings(action, annual, replace(document(), psc="R425"), rule="F04")


@pytest.mark.parametrize(
    "change", [{"severable": False}, {"psc": "Y1AA"}, {"psc": "C211"}, {"construction": True}]
)
def test_one_end_product_is_no_finding(findings, services, annual, change):
    assert findings(replace(services, **change), annual, rule="F04") == []


@pytest.mark.parametrize("code", ["AC13", "B506", "Z2AA"])
def test_what_is_often_one_end_product_is_advisory(findings, services, annual, code):
    (found,) = findings(replace(services, psc=code), annual, rule="F04")
    assert found.severity == "advisory"
    assert "often one end product" in found.because
    (found,) = findings(replace(services, psc=code, severable=True), annual, rule="F04")
    assert found.severity == "blocking"


def test_supplies_are_no_services(findings, services, annual):
    assert findings(replace(services, psc="1940"), annual, rule="F04") == []


@pytest.mark.parametrize("clause", ["52.232-19", "52.232-22", "252.232-7007"])
def test_funds_in_parts_are_advisory(findings, services, annual, clause):
    (found,) = findings(replace(services, clauses=frozenset({clause})), annual, rule="F04")
    assert found.severity == "advisory"
    assert clause in found.because


@pytest.mark.parametrize(
    ("start", "end", "severity"),
    [
        (date(2027, 3, 1), date(2028, 2, 29), None),
        (date(2027, 3, 1), date(2028, 3, 1), "advisory"),
        (date(2027, 3, 1), date(2028, 3, 2), "blocking"),
        (date(2028, 2, 29), date(2029, 2, 28), None),
        (date(2028, 2, 29), date(2029, 3, 2), "blocking"),
    ],
)
def test_leap_years_and_the_day_too_many(findings, services, annual, start, end, severity):  # noqa: PLR0917  # cases
    found = findings(replace(services, period_start=start, period_end=end), annual, rule="F04")
    assert [each.severity for each in found] == ([severity] if severity else [])


@pytest.mark.parametrize("years", [(2026, 2027), (None, None)])
def test_multi_year_and_no_year_funds_are_not_bound(findings, services, commitment, years):
    tas = replace(ANNUAL, available_from=years[0], available_to=years[1])
    assert findings(services, replace(commitment(), tas=tas), rule="F04") == []
