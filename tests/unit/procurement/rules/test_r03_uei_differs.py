"""R03: contract system, contract file and ledger have the UEI of the action."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.systems import Source

OTHER = "ZZ9TESTVNDR8"


def test_one_uei_everywhere_is_no_finding(findings, award, document, report, line):
    facts = (
        replace(document(), vendor_uei="zz9testvndr1 ", printed_uei="ZZ9TESTVNDR1"),
        replace(report(), uei="ZZ9TESTVNDR1"),
        line(),
    )
    assert findings(award, *facts, rule="R03") == []


@pytest.mark.parametrize("kind", ["award", "modification", "option"])
@pytest.mark.parametrize("where", ["contract system", "SF-", "ledger"])
def test_another_uei_in_one_system_blocks(  # noqa: PLR0917  # fixtures
    findings, document, report, line, kind, where, request
):
    action = request.getfixturevalue(kind)
    number = action.modification_number
    form = "SF-1449" if kind == "award" else "SF-30"
    fact = {
        "contract system": replace(report(modification=number), uei=OTHER),
        "SF-": replace(document(form, modification=action.modification), printed_uei=OTHER),
        "ledger": replace(line(modification=number), vendor_uei=OTHER),
    }[where]
    (found,) = findings(action, fact, rule="R03")
    assert (found.severity, found.subject) == ("blocking", "ZZ9TESTVNDR1")
    assert OTHER in found.because
    assert "ZZ9TESTVNDR1" in found.because
    assert where in found.because


def test_several_differences_are_one_finding_with_all_values(findings, award, document, report):
    facts = (replace(document(), vendor_uei=OTHER), replace(report(), uei=OTHER))
    (found,) = findings(award, *facts, rule="R03")
    assert [value.source for value in found.values] == ["action", "contracts", "documents"]


@pytest.mark.parametrize(
    ("signed", "severities"), [(date(2022, 4, 3), []), (None, []), (date(2022, 4, 4), ["advisory"])]
)
def test_a_duns_number_on_an_old_paper_is_no_uei(findings, modification, report, signed, severities):
    old = replace(report(), uei="123456789", signed=signed)
    assert [each.severity for each in findings(modification, old, rule="R03")] == severities


def test_a_payment_suffix_changes_nothing(findings, award, line):
    assert findings(award, replace(line(), vendor_uei="ZZ9TESTVNDR10001"), rule="R03") == []


def test_letters_like_digits_are_advisory(findings, award, line):
    (found,) = findings(award, replace(line(), vendor_uei="ZZ9TESTVNDRI"), rule="R03")
    assert found.severity == "advisory"
    assert "look like digits" in found.because


@pytest.mark.parametrize(("reason", "severity"), [("J", "advisory"), ("V", "advisory"), ("B", "blocking")])
def test_a_novation_by_the_action_itself_explains_it(findings, modification, report, reason, severity):
    (found,) = findings(replace(modification, reason=reason), replace(report(), uei=OTHER), rule="R03")
    assert found.severity == severity


@pytest.mark.parametrize(("amount", "severity"), [("0.00", "advisory"), ("10.00", "blocking")])
def test_an_administrative_modification_can_correct_it(findings, modification, report, amount, severity):
    action = replace(modification, reason="M", amount=Decimal(amount))
    (found,) = findings(action, replace(report(), uei=OTHER), rule="R03")
    assert found.severity == severity


@pytest.mark.parametrize(
    ("effective", "severities"),
    [(date(2026, 6, 1), []), (date(2026, 1, 1), ["advisory"]), (None, ["advisory"])],
)
def test_a_novation_on_file_explains_what_is_older(  # noqa: PLR0917  # fixtures
    findings, option, report, document, effective, severities
):
    agreement = replace(document("NOV", signed=None), effective=effective)
    old = replace(report(), uei=OTHER, signed=date(2026, 5, 1))
    assert [each.severity for each in findings(option, agreement, old, rule="R03")] == severities


def test_a_reported_novation_leaves_older_ledger_lines_to_the_earlier_party(findings, option, report, line):
    novation = replace(report(modification="P00001"), uei="ZZ9TESTVNDR1", reason="J", signed=date(2026, 6, 1))
    old = replace(line(), vendor_uei=OTHER, posted=date(2026, 5, 1))
    assert findings(option, replace(report(), uei=OTHER), novation, old, rule="R03") == []


@pytest.mark.parametrize("name", ["EXAMPLE-SAMPLE JV", "Example Sample Joint Venture, LLC"])
def test_the_uei_of_a_partner_of_a_joint_venture_is_advisory(findings, award, line, name):
    venture = replace(award, vendors=(replace(award.vendors[0], name=name),))
    (found,) = findings(venture, replace(line(), vendor_uei=OTHER), rule="R03")
    assert found.severity == "advisory"


@pytest.mark.parametrize(
    ("name", "severity"), [("EXAMPLE MARINE", "blocking"), ("EXAMPLE MARINE JV", "advisory")]
)
def test_the_uei_of_another_vendor_of_the_action_is_named_and_only_a_venture_excuses_it(
    findings, award, line, name, severity
):
    action = replace(award, vendors=(replace(award.vendors[0], name=name), *award.vendors[1:]))
    (found,) = findings(action, replace(line(), vendor_uei="ZZ9TESTVNDR3"), rule="R03")
    assert found.severity == severity
    assert "EXAMPLE HOLDING" in found.because


def test_a_paper_about_a_subcontractor_is_no_difference(findings, award, document):
    assert findings(award, replace(document("RESP"), vendor_uei="ZZ9TESTVNDR2"), rule="R03") == []


def test_drafts_and_other_contracts_do_not_count(findings, award, document, line, report):
    facts = (
        replace(document(status="draft"), vendor_uei=OTHER),
        replace(document(piid="70ZZ0126C9999", document_id="X"), vendor_uei=OTHER),
        replace(line(), piid="70ZZ0126C9999", vendor_uei=OTHER),
        replace(report(piid="70ZZ0126C9999"), uei=OTHER),
    )
    assert findings(award, *facts, rule="R03") == []


def test_a_silent_system_leaves_the_others_compared(findings, award, line):
    facts = replace(line(), vendor_uei=OTHER)
    assert len(findings(award, facts, silent=[Source.DOCUMENTS], rule="R03")) == 1
