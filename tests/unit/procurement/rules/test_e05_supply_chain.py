"""E05: security orders and prohibitions are shown until the requiring activity has said whether they apply."""

from dataclasses import replace
from datetime import date

import pytest

from app.procurement.vendor_facts import Exclusion

ORDER = Exclusion(
    uei="ZZ9TESTVNDR1",
    name="EXAMPLE MARINE",
    exclusion_type="Prohibition/Restriction",
    program="Reciprocal",
    agency="HOMELAND SECURITY, DEPARTMENT OF",
    activated=date(2026, 7, 31),
    terminated=None,
    classification="Special Entity Designation",
    fascsa_order=True,
)


@pytest.mark.parametrize(
    ("kind", "severity"), [("award", "blocking"), ("modification", "advisory"), ("option", "advisory")]
)
@pytest.mark.parametrize("fascsa", [True, False])
def test_an_order_or_restriction_weighs_by_action(findings, kind, severity, fascsa, request):
    record = replace(ORDER, fascsa_order=fascsa)
    (found,) = findings(request.getfixturevalue(kind), record, rule="E05")
    assert (found.severity, found.subject) == (severity, "ZZ9TESTVNDR1")
    assert "for the requiring activity to say" in found.because
    assert ("by 2027-01-31" in found.because) is (kind != "award")


@pytest.mark.parametrize(
    "record",
    [
        replace(ORDER, uei="ZZ9TESTVNDR9", name="Another Firm"),
        replace(ORDER, fascsa_order=False, exclusion_type="Ineligible (Proceedings Pending)"),
        replace(ORDER, terminated=date(2026, 9, 1)),
    ],
)
def test_others_and_other_types_are_no_finding(findings, award, record):
    assert findings(award, record, rule="E05") == []


@pytest.mark.parametrize(
    ("agency", "defense", "severity"),
    [
        ("HOMELAND SECURITY, DEPARTMENT OF", False, "blocking"),
        ("HOMELAND SECURITY, DEPARTMENT OF", True, "advisory"),
        ("DEPT OF DEFENSE", True, "blocking"),
        ("DEPT OF DEFENSE", False, "advisory"),
        ("DEPT OF THE AIR FORCE", False, "advisory"),
        ("OFFICE OF THE DIRECTOR OF NATIONAL INTELLIGENCE", False, "blocking"),
    ],
)
def test_a_contract_follows_the_orders_of_its_side(findings, award, agency, defense, severity):
    (found,) = findings(replace(award, defense=defense), replace(ORDER, agency=agency), rule="E05")
    assert found.severity == severity
    assert ("unless told otherwise" in found.because) is (severity == "advisory")


def test_a_waiver_on_file_makes_it_advisory(findings, award, document):
    (found,) = findings(award, document("WAIVER"), ORDER, rule="E05")
    assert found.severity == "advisory"
    assert "A waiver is on file." in found.because
    assert findings(award, document("WAIVER", status="draft"), ORDER, rule="E05")[0].severity == "blocking"


def test_a_name_alone_never_blocks_and_shows_its_score(findings, award):
    (found,) = findings(award, replace(ORDER, uei=None), rule="E05")
    assert found.severity == "advisory"
    assert found.match.score == 1.0
    assert "Only the name agrees" in found.because
