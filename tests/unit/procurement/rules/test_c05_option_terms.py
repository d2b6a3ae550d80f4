"""C05: an option is exercised as the contract offers it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.action import OptionExercise
from app.procurement.contract_facts import OptionTerms

TERMS = OptionTerms(
    number=1,
    price=Decimal(250_000),
    exercise_from=date(2026, 7, 1),
    exercise_by=date(2026, 9, 14),
    preliminary_notice_days=60,
    quantity=Decimal(12),
    latest_end=date(2030, 9, 30),
)
EXERCISE = OptionExercise(
    number=1,
    price=Decimal(250_000),
    notice_date=date(2026, 9, 10),
    preliminary_notice_date=date(2026, 7, 15),
    quantity=Decimal(12),
)


@pytest.fixture
def exercise(option):
    """The option of October 2026 to September 2027, as the contract has it, with changes."""

    def build(**change):
        wide = {name: change.pop(name) for name in ("clauses", "period_end", "pricing") if name in change}
        base = {"period_start": date(2026, 10, 1), "period_end": date(2027, 9, 30)}
        return replace(option, option=replace(EXERCISE, **change), **(base | wide))

    return build


@pytest.fixture
def contract(document):
    def build(*, signed=date(2025, 9, 30), modification=None, **change):
        award = document(signed=signed, modification=modification, document_id=f"DOC-{signed}")
        return replace(award, options=(replace(TERMS, **change),))

    return build


def severities(found):
    return [each.severity.value for each in found]


def test_an_option_on_its_terms_is_no_finding(findings, exercise, contract):
    assert findings(exercise(), contract(), rule="C05") == []


@pytest.mark.parametrize(
    ("change", "severity", "words"),
    [
        ({"notice_date": date(2026, 6, 30)}, "blocking", "opens on 2026-07-01"),
        ({"notice_date": date(2026, 9, 15)}, "blocking", "closes on 2026-09-14"),
        ({"preliminary_notice_date": date(2026, 8, 4)}, "blocking", "57 days before 2026-09-30"),
        ({"price": Decimal(260_000)}, "blocking", "$260,000.00, the option has $250,000.00"),
        ({"price": Decimal("250000.99")}, None, ""),
        ({"quantity": Decimal(13)}, "blocking", "quantity is 13, the option has 12"),
        ({"period_end": date(2030, 10, 1)}, "blocking", "must end by 2030-09-30"),
        ({"price": Decimal(260_000), "clauses": frozenset({"52.222-43"})}, "advisory", "adjusts prices"),
        ({"price": Decimal(260_000), "pricing": "K"}, "advisory", "adjusts prices"),
        ({"preliminary_notice_date": None, "price": None, "quantity": None}, None, ""),
    ],
)
def test_each_option_term_is_checked(findings, exercise, contract, change, severity, words):  # noqa: PLR0917  # fixtures
    found = findings(exercise(**change), contract(), rule="C05")
    assert severities(found) == ([severity] if severity else [])
    assert all(words in each.because and each.subject == "70ZZ0126C0001" for each in found)


def test_several_problems_are_one_finding(findings, exercise, contract):
    (found,) = findings(exercise(price=Decimal(1), quantity=Decimal(1)), contract(), rule="C05")
    assert len(found.values) == 4
    assert {value.source for value in found.values} == {"action", "documents"}


@pytest.mark.parametrize(
    ("notice", "severity"),
    [(date(2026, 9, 12), []), (date(2026, 9, 14), ["advisory"]), (date(2026, 9, 15), ["blocking"])],
)
def test_a_window_that_closes_on_a_weekend(findings, exercise, contract, notice, severity):  # fixtures
    found = findings(exercise(notice_date=notice), contract(exercise_by=date(2026, 9, 12)), rule="C05")
    assert severities(found) == severity


def test_preliminary_notice_due_on_a_weekend(findings, exercise, contract):
    """60 days before 30 September is Saturday, 1 August."""
    on_monday = exercise(preliminary_notice_date=date(2026, 8, 3))
    assert severities(findings(on_monday, contract(preliminary_notice_days=60), rule="C05")) == ["advisory"]


@pytest.mark.parametrize(("days", "found"), [(30, []), (None, ["blocking"]), (0, [])])
def test_the_contracts_own_days_of_preliminary_notice(findings, exercise, contract, days, found):  # fixtures
    action = exercise(preliminary_notice_date=date(2026, 8, 20))
    assert severities(findings(action, contract(preliminary_notice_days=days), rule="C05")) == found


def test_the_end_reported_decides_about_preliminary_notice(findings, exercise, contract, report):
    ends = replace(report(), signed=date(2025, 9, 30), current_completion=date(2026, 9, 15))
    assert findings(exercise(preliminary_notice_date=date(2026, 7, 17)), contract(), ends, rule="C05") == []
    assert findings(exercise(preliminary_notice_date=date(2026, 7, 20)), contract(), ends, rule="C05")


def test_there_is_no_general_limit_of_five_years(findings, exercise, contract):
    late = exercise(period_end=date(2036, 9, 30))
    assert findings(late, contract(latest_end=None), rule="C05") == []


@pytest.mark.parametrize(("end", "found"), [(date(2027, 3, 31), []), (date(2027, 4, 1), ["blocking"])])
def test_a_short_extension_of_services(findings, exercise, contract, end, found):
    """Its price and notices follow from other terms; it comes on top of the contract's limit."""
    action = exercise(
        clause="52.217-8", period_end=end, price=Decimal(120_000), notice_date=date(2026, 9, 29)
    )
    terms = contract(latest_end=date(2026, 9, 30))
    assert severities(findings(action, terms, rule="C05")) == found


def test_the_newest_terms_count(findings, exercise, contract):
    changed = contract(signed=date(2026, 2, 2), modification="P00001", price=Decimal(300_000))
    assert findings(exercise(price=Decimal(300_000)), changed, contract(), rule="C05") == []
    assert findings(exercise(), contract(), changed, rule="C05")


def test_without_terms_nothing_is_said(findings, exercise, contract, option):
    assert findings(exercise(number=2), contract(), rule="C05") == []
    assert findings(option, contract(), rule="C05") == []
    assert findings(exercise(price=Decimal(1)), replace(contract(), status="draft"), rule="C05") == []


def test_no_other_action_is_looked_at(findings, modification, contract):
    assert findings(replace(modification, option=EXERCISE), contract(price=Decimal(1)), rule="C05") == []
