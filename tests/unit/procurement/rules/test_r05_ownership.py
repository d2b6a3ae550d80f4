"""R05: owners and predecessors are those the contract was reported with."""

from dataclasses import replace

import pytest

from app.procurement.vendor_facts import Owner

PARENT = {"parent_uei": "ZZ9TESTPRNT1", "parent_name": "Sample Holdings LLC"}


@pytest.fixture
def row(registration):
    return registration()


@pytest.fixture
def reported(report):
    return replace(report(), uei="ZZ9TESTVNDR1", vendor_name="Example Marine", **PARENT)


@pytest.mark.parametrize("kind", ["award", "modification", "option"])
def test_another_owner_is_advisory_with_both_names(findings, row, reported, kind, request):
    action = request.getfixturevalue(kind)
    owned = replace(row, immediate_owner=Owner(name="Specimen Group Inc", cage="9ZZ77"))
    (found,) = findings(action, owned, reported, rule="R05")
    assert (found.severity, found.subject) == ("advisory", "ZZ9TESTVNDR1:owner")
    assert "Sample Holdings LLC (ZZ9TESTPRNT1)" in found.because
    assert "Specimen Group Inc (9ZZ77)" in found.because
    assert "stock purchase needs no novation" in found.because


@pytest.mark.parametrize(
    "owner",
    [
        Owner(name="SAMPLE HOLDINGS, L.L.C."),
        Owner(name="The Sample Holdings LLC"),
        Owner(name="Renamed Holdings", uei="ZZ9TESTPRNT1"),
    ],
)
@pytest.mark.parametrize("field", ["immediate_owner", "highest_owner"])
def test_either_owner_in_any_spelling_will_do(  # noqa: PLR0917  # fixtures
    findings, option, row, reported, owner, field
):
    rolled_up = {
        "immediate_owner": Owner(name="Specimen Group"),
        "highest_owner": Owner(name="Specimen Group"),
    }
    owned = replace(row, **{**rolled_up, field: owner})
    assert findings(option, owned, reported, rule="R05") == []


def test_an_owner_only_one_side_states_is_no_change(findings, option, row, reported):
    assert findings(option, row, reported, rule="R05") == []
    owned = replace(row, immediate_owner=Owner(name="Specimen Group"))
    unstated = replace(reported, parent_uei=None, parent_name=None)
    assert findings(option, owned, unstated, rule="R05") == []
    assert findings(option, owned, rule="R05") == []


@pytest.mark.parametrize(
    "predecessor", [Owner(name="Old Example Boats Inc"), Owner(name="Renamed", cage="9ZZ66")]
)
def test_a_contract_of_a_predecessor_is_found(findings, option, row, report, predecessor):
    held = replace(report(), uei="ZZ9TESTVNDR7", vendor_name="OLD EXAMPLE BOATS, INC.", cage="9ZZ66")
    (found,) = findings(option, replace(row, predecessors=(predecessor,)), held, rule="R05")
    assert (found.severity, found.subject) == ("advisory", "ZZ9TESTVNDR1:predecessor")


def test_a_predecessor_that_never_held_the_contract_is_no_finding(findings, option, row, reported):
    succeeded = replace(row, predecessors=(Owner(name="Old Example Boats Inc"),))
    assert findings(option, succeeded, reported, rule="R05") == []
