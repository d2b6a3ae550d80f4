"""F02: ledger and contract system agree on what the contract has cost so far."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.contract_facts import Tas

OLD = date(2026, 2, 2)


@pytest.fixture(scope="session")
def total(report):
    """The report of the award, signed long ago, with the total of the contract."""

    def build(amount="250000.00", **more):
        return replace(report(amount), **{"signed": OLD, "total_obligated": Decimal(amount), **more})

    return build


@pytest.fixture(scope="session")
def posted(line):
    def build(amount="250000.00", **more):
        return replace(line(amount), **{"posted": OLD, **more})

    return build


def test_equal_totals_are_no_finding(findings, modification, total, posted):
    assert findings(modification, total(), posted(), rule="F02") == []


def test_totals_that_differ_are_found_with_both(findings, modification, total, posted):
    (found,) = findings(modification, total(), posted("200000.00"), rule="F02")
    assert (found.severity, found.subject) == ("advisory", modification.piid)
    assert "The ledger holds $200,000.00" in found.because
    assert "reports $250,000.00" in found.because
    assert "a difference of $50,000.00" in found.because
    assert {value.source for value in found.values} == {"contracts", "ledger"}


def test_all_lines_of_the_contract_count_net_of_what_was_taken_back(findings, modification, total, line):
    lines = (
        replace(line("300000.00", number="A"), posted=OLD),
        replace(line("0.00", deobligated="50000.00", number="B", modification="P00007"), posted=OLD),
    )
    reports = (total("300000.00"), total("250000.00", modification="P00007", signed=date(2026, 3, 3)))
    assert findings(modification, *reports, *lines, rule="F02") == []


def test_a_contract_in_one_system_only_is_found(findings, modification, total, posted):
    (found,) = findings(modification, total(), rule="F02")
    assert "the ledger has no line" in found.because
    (found,) = findings(modification, posted(), rule="F02")
    assert "the contract system has no report" in found.because


def test_more_than_base_and_all_options_blocks(findings, modification, total, posted):
    ceiling = {"total_all_options": Decimal("250000.00")}
    assert findings(modification, total(**ceiling), posted(), rule="F02") == []
    (found,) = findings(modification, total(**ceiling), posted("250001.00"), rule="F02")
    assert found.severity == "blocking"
    assert "$250,001.00" in found.because
    assert "$250,000.00" in found.because


def test_a_ceiling_that_this_action_raises_is_the_new_one(findings, modification, total, posted):
    action = replace(modification, total_value=Decimal("900000.00"))
    seen = findings(
        action,
        total(total_all_options=Decimal("100000.00")),
        posted(),
        rule="F02",
    )
    assert seen == []


def test_new_work_is_not_held_against_the_value_it_raises(findings, modification, total, posted):
    known = total(total_all_options=Decimal("250000.00"))
    added = replace(posted("40000.00"), document_number="B", modification=modification.modification_number)
    new_work = replace(modification, reason="A", amount=Decimal("40000.00"))
    assert (
        findings(new_work, known, posted(), replace(added, posted=new_work.effective_date), rule="F02") == []
    )
    funding = replace(new_work, reason="C")
    (found,) = findings(funding, known, posted(), replace(added, posted=funding.effective_date), rule="F02")
    assert found.severity == "blocking"


def test_a_ceiling_of_zero_is_none(findings, modification, total, posted):
    assert findings(modification, total(total_all_options=Decimal(0)), posted(), rule="F02") == []


def test_opposite_signs_are_said_to_be_so(findings, modification, total, posted):
    (found,) = findings(modification, total(), posted("-250000.00"), rule="F02")
    assert found.severity == "advisory"
    assert "opposite signs" in found.because


def test_money_of_another_agency_is_not_compared(findings, modification, total, posted):
    other = Tas(agency="070", main="0613", allocation_transfer="097")
    assert findings(modification, total(), posted("1.00", tas=other), rule="F02") == []
    itself = Tas(agency="070", main="0613", allocation_transfer="70")
    assert findings(modification, total(), posted("1.00", tas=itself), rule="F02")


@pytest.mark.parametrize(
    ("signed", "waits"), [(date(2026, 9, 10), True), (date(2026, 9, 1), True), (date(2026, 8, 31), False)]
)
def test_the_ledger_may_post_late_and_at_the_end_of_the_month(  # noqa: PLR0917  # fixtures
    findings, modification, total, posted, signed, waits
):
    late = total("300000.00", modification="P00009", obligated=Decimal("50000.00"), signed=signed)
    assert bool(findings(modification, total(), late, posted(), rule="F02")) is not waits


def test_the_month_before_counts_in_the_first_week_of_a_month(findings, modification, total, posted):
    action = replace(modification, effective_date=date(2026, 9, 5))
    late = total("300000.00", modification="P00009", obligated=Decimal("50000.00"), signed=date(2026, 8, 3))
    assert findings(action, total(), late, posted(), rule="F02") == []


def test_a_report_may_be_on_its_way(findings, modification, total, posted):
    fresh = posted("1000.00", modification="P00009", posted=date(2026, 9, 10))
    assert findings(modification, total(), posted(), fresh, rule="F02") == []
    older = replace(fresh, posted=date(2026, 7, 10))
    assert findings(modification, total(), posted(), older, rule="F02")


def test_reports_of_defense_are_withheld_for_90_days(findings, modification, total, posted):
    defense = replace(modification, defense=True)
    hidden = posted("1000.00", modification="P00009", posted=date(2026, 7, 10))
    assert findings(defense, total(), posted(), hidden, rule="F02") == []
    assert findings(defense, total(), posted(), replace(hidden, posted=date(2026, 6, 10)), rule="F02")


def test_the_action_itself_may_be_in_one_system_only(  # noqa: PLR0917  # fixtures
    findings, modification, total, posted, report, line
):
    own_line, own_report = line("1000.00", modification="P00001"), report("1000.00", modification="P00001")
    assert findings(modification, total(), posted(), own_line, rule="F02") == []
    assert findings(modification, total(), posted(), own_report, rule="F02") == []


def test_a_zero_dollar_contract_needs_no_line(findings, modification, total):
    assert findings(modification, total("0.00"), rule="F02") == []


@pytest.mark.parametrize(
    ("booked", "differs"), [("250000.99", False), ("250001.00", True), ("249999.01", False)]
)
def test_less_than_a_dollar_is_agreement(findings, modification, total, posted, booked, differs):  # noqa: PLR0917  # fixtures
    assert bool(findings(modification, total(), posted(booked), rule="F02")) is differs


def test_cents_are_a_difference_where_they_are_much_of_the_total(findings, modification, total, posted):
    assert findings(modification, total("100.00"), posted("100.50"), rule="F02")


def test_a_correction_replaces_what_was_reported(findings, modification, total, posted):
    """A draft or deleted report does not count, and the later of two does."""
    draft = total("1.00", status="draft", modification="P00002")
    first = total("240000.00", transaction="0", signed=date(2026, 1, 1))
    assert findings(modification, first, total(transaction="1"), draft, posted(), rule="F02") == []


def test_a_vehicle_carries_no_obligations(findings, modification, total):
    assert findings(modification, total(is_vehicle=True), rule="F02") == []


def test_totals_that_no_source_states_are_not_compared(findings, modification, total, posted):
    assert findings(modification, total(total_obligated=None), posted("1.00"), rule="F02") == []


@pytest.mark.parametrize(
    ("document", "found"),
    [("DTZZWA17D00099-0001", 0), ("DTZZWA17D00013-0001", 1), ("0001", 1), ("0001P00002", 1)],
)
def test_lines_of_another_vehicles_order_0001_do_not_count(  # noqa: PLR0917  # fixtures
    findings, modification, total, posted, document, found
):
    order = replace(modification, piid="0001", referenced_idv="DTZZWA17D00013")
    own = replace(posted(), piid="0001", document_number="DTZZWA17D000130001")
    other = replace(posted("7000.00"), piid="0001", document_number=document, acrn="AB")
    reported = replace(total(), piid="0001", referenced_idv="DTZZWA17D00013")
    assert len(findings(order, own, other, reported, rule="F02")) == found
