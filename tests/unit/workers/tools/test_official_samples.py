"""Bodies with the fields, types and notations of the services' published samples, through the real tools.

The values in them are invented; `_source` names the sample whose shape a body has.
"""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.procurement.action import Vendor, VendorRole
from app.procurement.contract_facts import ReportedAction, Tas
from app.procurement.facts import Address
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, HiddenEntity, IntegrityRecord, Owner, Registration

PRIME = "ZZ9TESTVNDR1"
SAMPLES = Path(__file__).with_name("official")
PLACE = Address(
    line1="1 EXAMPLE PIER",
    line2="SUITE 9",
    city="SAMPLETOWN",
    state="VA",
    zip_code="99999-0001",
    country="USA",
)
MAIL = replace(PLACE, line1="PO BOX 99", line2="DOCK 2", zip_code="99998-0002")
ACTIVE = Registration(
    uei=PRIME,
    legal_name="EXAMPLE MARINE SERVICES, INC.",
    status="Active",
    expires=date(2027, 2, 9),
    registered=True,
    purpose="Z2",
    cage="9ZZ99",
    updated=date(2026, 2, 10),
    activated=date(2026, 2, 11),
    exclusion_flag="N",
)
CAUSE = "Termination for Cause"
ENTITIES = {
    "entity-v3-hierarchy": replace(
        ACTIVE,
        address=PLACE,
        mailing_address=MAIL,
        debt_flag="N",
        highest_owner=Owner(name="Example Ultimate Holding Corporation", uei="ZZ9TESTVNDR8"),
    ),
    "entity-all-sections": replace(
        ACTIVE,
        exclusion_flag=None,
        address=PLACE,
        mailing_address=MAIL,
        small_for=frozenset({"541990"}),
        not_small_for=frozenset({"423430"}),
    ),
    "entity-v3-lapsed": replace(ACTIVE, status="Inactive", expires=date(2025, 2, 9)),
    "entity-v3-integrity": replace(
        ACTIVE,
        integrity_count=2,
        integrity_records=(
            IntegrityRecord(kind=CAUSE, recorded=date(2024, 5, 9)),
            IntegrityRecord(kind=CAUSE, recorded=date(2023, 4, 8)),
        ),
        proceedings=True,
        proceedings_latest=date(1999, 12, 31),
        highest_owner=Owner(name="EXAMPLE GLOBAL INC", cage="9ZZ91"),
        immediate_owner=Owner(name="EXAMPLE U.S., INC.", cage="9ZZ92"),
    ),
    "entity-v3-integrity-hidden": HiddenEntity(
        uei=PRIME,
        legal_name="EXAMPLE MARINE SERVICES, INC.",
        integrity_count=1,
        integrity_records=(IntegrityRecord(kind=CAUSE, recorded=date(2025, 2, 14)),),
    ),
}
#: What the rules say about them, where it is not nothing.
RULES = {"entity-v3-lapsed": {"R01"}, "entity-v3-integrity-hidden": {"R02"}}
IDENTIFIERS_ONLY = {
    # The status is that of the identifier: it is active, and there is no registration.
    "entity-v3-identifier-only": Registration(
        uei=PRIME,
        legal_name="Example Marine Services LLC",
        status="Active",
        expires=None,
        registered=False,
        purpose=None,
    ),
    "entity-v3-identifier-only-integrity": Registration(
        uei=PRIME,
        legal_name="EXAMPLE OFFICE OF SAMPLES",
        status="ID Assigned",
        expires=None,
        registered=False,
        purpose=None,
        address=PLACE,
        integrity_count=1,
        integrity_records=(IntegrityRecord(kind=CAUSE, recorded=date(2025, 6, 9)),),
    ),
    "entity-v3-identifier-only-hidden": HiddenEntity(
        uei=PRIME,
        legal_name="EXAMPLE, INC.",
        integrity_count=3,
        integrity_records=(
            IntegrityRecord(kind=CAUSE, recorded=date(2024, 1, 2)),
            IntegrityRecord(kind=CAUSE, recorded=date(2024, 1, 3)),
            IntegrityRecord(
                kind="Material Failure to Comply with Closeout Requirements", recorded=date(2025, 1, 4)
            ),
        ),
    ),
}
BY_IDENTIFIER = {
    "exclusions-v3-firm-with-location": Exclusion(
        uei=PRIME,
        name="Example Fuels GmbH & Co. KG",
        exclusion_type="Ineligible (Proceedings Pending)",
        program="Reciprocal",
        agency="EXAMPLE LOGISTICS AGENCY",
        activated=date(2024, 5, 13),
        terminated=None,
        aliases=("Example Fuels GmbH & Co. KG, Musterstadt (D), Zweigniederlassung Beispiel (999999999)",),
        other_ueis=("ZZ9TESTVNDR7",),
        address=Address(line1="Beispielweg 9", city="Musterstadt am Main", zip_code="99999", country="DEU"),
        other_addresses=(
            Address(line1="Musterstrasse 9", city="BEISPIEL", state="ZZ", zip_code="9999", country="CHE"),
        ),
        comments="EXAMPLE REMARK ON SEVERAL FIRMS",
    ),
    "exclusions-firm-some-sections": Exclusion(
        uei=PRIME,
        name="Example Marine Electronics Co., Ltd.",
        exclusion_type="Ineligible (Proceedings Completed)",
        program="Reciprocal",
        agency="EXAMPLE DEPT OF SAMPLES",
        activated=None,
        terminated=None,
        address=Address(city="Sampletown", country="CHN"),
    ),
    "exclusions-v4-fascsa-order": Exclusion(
        uei=PRIME,
        name="Example Marine Research Corp",
        exclusion_type="Prohibition/Restriction",
        program="Reciprocal",
        agency="EXAMPLE SECURITY COUNCIL",
        activated=date(2025, 10, 30),
        terminated=None,
        address=Address(state="VA", country="USA"),
        fascsa_order=True,
    ),
}
PERSON = Exclusion(
    uei=None,
    name="Ms. Example Anne Sampleton",
    classification="Individual",
    exclusion_type="Ineligible (Proceedings Completed)",
    program="Reciprocal",
    agency="EXAMPLE DEPT OF SAMPLES",
    activated=date(2022, 1, 12),
    terminated=date(2031, 12, 8),
    address=Address(city="Sample-gu, Sampletown", country="KOR"),
    ct_code="A",
)
BY_NAME = {
    "exclusions-individual": PERSON,
    # The address of this version stands under another key.
    "exclusions-v2-placeholders": replace(PERSON, name="MS. EXAMPLE ANNE SAMPLETON", address=None),
}
ORDER = ReportedAction(
    piid="70ZZ0126C0001",
    modification="0",
    obligated=Decimal("1234.5"),
    signed=date(2026, 9, 14),
    total_obligated=Decimal("1234.5"),
    total_exercised=Decimal("2345.5"),
    total_all_options=Decimal("3456.5"),
    period_start=date(2026, 9, 15),
    current_completion=date(2027, 1, 5),
    ultimate_completion=date(2027, 1, 6),
    closed=True,
    reported=date(2026, 9, 16),
    uei=PRIME,
    cage="9ZZ99",
    vendor_name="EXAMPLE MARINE SERVICES, INC.",
    vendor_country="USA",
    parent_uei="ZZ9TESTVNDR8",
    parent_name="EXAMPLE ULTIMATE  HOLDING",
    naics="332111",
    psc="5440",
    pricing="J",
    size="O",
    subcontract_plan="B",
    tas=Tas(agency="070", main="0613"),
)
REPORTS = {
    "contract-awards-purchase-order": ORDER,
    "contract-awards-blanket-agreement": replace(
        ORDER,
        obligated=Decimal(0),
        signed=date(2026, 8, 8),
        is_vehicle=True,
        total_obligated=Decimal(0),
        total_exercised=Decimal(0),
        total_all_options=Decimal(350),
        period_start=date(2026, 8, 10),
        current_completion=None,
        ultimate_completion=None,
        last_date_to_order=date(2027, 12, 31),
        closed=False,
        reported=date(2026, 8, 18),
        vendor_name="EXAMPLE MARINE SERVICES INCORPORATED",
        parent_uei=PRIME,
        parent_name="EXAMPLE MARINE SERVICES, INC.",
        naics="541512",
        psc="R410",
        subcontract_plan=None,
        tas=None,
    ),
}
READ = (ENTITIES, IDENTIFIERS_ONLY, BY_IDENTIFIER, BY_NAME, REPORTS)


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def facts(result):
    """The facts of an answer that was read as a whole."""
    assert (result.gap, result.unanswered) == (None, ())
    return [each.fact for each in result.facts]


def test_every_sample_is_read_and_says_where_it_is_from():
    names = {path.stem for path in SAMPLES.iterdir()}
    assert names == {name for samples in READ for name in samples}
    assert all(sample(name)["_source"] for name in names)


def registered(name, kind="Yes"):
    """The sample for vendors of this kind; there are none of the other."""
    nobody = {"totalRecords": 0, "entityData": []}
    return lambda query: (200, sample(name)["body"] if query["samRegistered"] == kind else nobody)


@pytest.mark.parametrize("name", ENTITIES)
def test_registered_entities(found, name):
    findings, result = found(Source.SAM_GOV, registered(name))
    assert facts(result) == [ENTITIES[name]]
    assert {rule for rule, _, _ in findings} == RULES.get(name, set())


@pytest.mark.parametrize("name", IDENTIFIERS_ONLY)
def test_entities_with_an_identifier_only(found, name):
    findings, result = found(Source.SAM_GOV, registered(name, "No"))
    assert facts(result) == [IDENTIFIERS_ONLY[name]]
    assert findings == {("R02", PRIME, "blocking")}


def excluded(name, parameter):
    """The sample for a question that asks by this parameter; no record for another one."""
    nobody = {"totalRecords": 0, "excludedEntity": []}
    return lambda query: (200, sample(name)["body"] if parameter in query else nobody)


@pytest.mark.parametrize("name", BY_IDENTIFIER)
def test_exclusions_by_identifier(found, name):
    findings, result = found(Source.DEBARMENT, excluded(name, "ueiSAM"))
    assert facts(result) == [BY_IDENTIFIER[name]]
    fascsa = BY_IDENTIFIER[name].fascsa_order
    assert (("E05" if fascsa else "E01"), PRIME, "blocking") in findings


@pytest.mark.parametrize("name", BY_NAME)
def test_exclusions_by_name(found, action, name):
    vendor = Vendor(uei=PRIME, name="EXAMPLE ANNE SAMPLETON", role=VendorRole.PRIME)
    findings, result = found(
        Source.DEBARMENT, excluded(name, "exclusionName"), replace(action, vendors=(vendor,))
    )
    assert facts(result) == [BY_NAME[name]]
    assert {rule for rule, subject, _ in findings if subject == PRIME} == {"E02"}


def test_placeholders_are_no_values(found):
    """A question by name leaves out what could not be read; one by identifier does not."""
    name = "exclusions-v2-placeholders"
    _, result = found(Source.DEBARMENT, excluded(name, "ueiSAM"))
    assert facts(result) == [BY_NAME[name]]


@pytest.mark.parametrize("name", REPORTS)
def test_reports(found, name):
    _, result = found(Source.CONTRACTS, lambda _: (200, sample(name)["body"]))
    assert facts(result) == [REPORTS[name]]
