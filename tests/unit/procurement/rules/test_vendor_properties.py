"""What holds for every rule about vendors: order, unrelated vendors and spelling change nothing."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.procurement.action import Vendor, VendorRole
from app.procurement.case_file import CaseFile
from app.procurement.facts import Address
from app.procurement.rules import CHECKS
from app.procurement.vendor_facts import Exclusion, HiddenEntity, IntegrityRecord, Owner, Registration

RULES = [rule for rule in CHECKS if rule.id[0] in "RE"]
NAMES = (
    "Kestrel Harbor Marine, Inc.",
    "Kestrel Harbor Marine LLC",
    "Harbor Kestrel Marine Inc",
    "Osprey Paint Co.",
)
UEIS = ("ZZ9TESTVNDR1", "ZZ9TESTVNDR2", "ZZ9TESTVNDR3")
NORFOLK = Address(line1="1 Example Way", city="Norfolk", state="VA", zip_code="23510", country="USA")
RENO = Address(line1="2 Example Way", city="Reno", state="NV", zip_code="89501", country="USA")

ueis = st.sampled_from(UEIS)
names = st.sampled_from(NAMES)
cages = st.sampled_from((None, "9ZZ91", "9ZZ92"))
places = st.sampled_from((None, NORFOLK, RENO))
owners = st.none() | st.builds(Owner, name=names, cage=cages)
registrations = st.builds(
    Registration,
    uei=ueis,
    legal_name=names,
    status=st.sampled_from(("Active", "Expired", "ID Assigned")),
    expires=st.sampled_from((None, date(2026, 9, 1), date(2027, 9, 1))),
    purpose=st.sampled_from(("Z1", "Z2")),
    cage=cages,
    address=places,
    exclusion_flag=st.sampled_from(("Y", "N", None)),
    debt_flag=st.sampled_from(("Y", "N")),
    immediate_owner=owners,
    highest_owner=owners,
    integrity_records=st.just((IntegrityRecord(kind="T4C", recorded=date(2025, 1, 1)),)),
)
exclusions = st.builds(
    Exclusion,
    uei=st.none() | ueis,
    name=names,
    exclusion_type=st.sampled_from(("Ineligible (Proceedings Completed)", "Prohibition/Restriction")),
    program=st.sampled_from(("Reciprocal", "NonProcurement")),
    agency=st.just("DEPT OF THE NAVY"),
    activated=st.sampled_from((date(2026, 1, 1), date(2026, 9, 11), date(2026, 10, 1))),
    terminated=st.none(),
    cage=cages,
    address=places,
    fascsa_order=st.booleans(),
)
facts = st.lists(registrations, max_size=5).flatmap(
    lambda rows: st.lists(exclusions | st.just(HiddenEntity()), max_size=5).map(lambda more: rows + more)
)


def found(action, evidence):
    case = CaseFile(action=action, evidence=evidence)
    return [each for rule in RULES for each in rule.check(rule, case)]


def marks(findings):
    return {(each.rule, each.subject, each.severity, each.match and each.match.score) for each in findings}


@pytest.fixture(scope="session")
def papers(document, report, line):
    paper = replace(
        document(), printed_name=NAMES[1], printed_cage="9ZZ93", signatories=("Jordan Sampleman",)
    )
    return (
        paper,
        replace(report(), uei="ZZ9TESTVNDR8", vendor_name=NAMES[3], parent_name="Specimen Group"),
        line(),
    )


@settings(max_examples=40)
@given(data=st.data(), stated_facts=facts)
def test_the_order_of_vendors_and_rows_does_not_matter(data, stated_facts, award, stated, papers):
    evidence = stated(*stated_facts, *papers)
    expected = found(award, evidence)
    shuffled = found(
        replace(award, vendors=tuple(data.draw(st.permutations(award.vendors)))),
        tuple(data.draw(st.permutations(evidence))),
    )
    assert [(each.rule, each.subject, each.severity, each.because, each.match) for each in shuffled] == [
        (each.rule, each.subject, each.severity, each.because, each.match) for each in expected
    ]


@settings(max_examples=40)
@given(stated_facts=facts)
def test_subjects_are_unique_within_a_rule(stated_facts, award, stated, papers):
    each = found(award, stated(*stated_facts, *papers))
    assert len({(one.rule, one.subject) for one in each}) == len(each)


@settings(max_examples=40)
@given(stated_facts=facts, role=st.sampled_from((VendorRole.SUBCONTRACTOR, VendorRole.OWNER)))
def test_an_unrelated_vendor_adds_no_finding_to_another(stated_facts, role, award, stated, papers):
    newcomer = Vendor(uei="ZZ9TESTVNDR7", name="Unrelated Bakery", role=role)
    evidence = stated(*stated_facts, *papers)
    alone = found(award, evidence)
    together = found(replace(award, vendors=(*award.vendors, newcomer)), evidence)
    assert [each for each in together if not each.subject.startswith(newcomer.uei)] == alone


@settings(max_examples=40)
@given(stated_facts=facts, data=st.data())
def test_case_and_punctuation_of_names_change_nothing(stated_facts, data, award, stated, papers):
    def respelled(name):
        spelling = data.draw(st.sampled_from((str.upper, str.lower, str.title)))
        mark = data.draw(st.sampled_from((" ", "  ", " - ", ", ")))
        return mark.join(spelling(name).replace(",", "").rstrip(".").split(" "))

    def other(fact):
        if isinstance(fact, Registration):
            return replace(fact, legal_name=respelled(fact.legal_name))
        return replace(fact, name=respelled(fact.name)) if isinstance(fact, Exclusion) else fact

    renamed = [replace(vendor, name=respelled(vendor.name)) for vendor in award.vendors]
    before = found(award, stated(*stated_facts, *papers))
    after = found(replace(award, vendors=tuple(renamed)), stated(*map(other, stated_facts), *papers))
    assert marks(before) == marks(after)


@settings(max_examples=40)
@given(text=st.text(max_size=60))
def test_any_text_is_a_name(text, award, stated):
    vendor = Vendor(uei="ZZ9TESTVNDR1", name=text, role=VendorRole.PRIME)
    record = Exclusion(
        uei=text,
        name=text,
        exclusion_type=text,
        program=text,
        agency=text,
        activated=date(2026, 1, 1),
        terminated=None,
    )
    owner = Owner(name=text, cage=text)
    row = Registration(
        uei="ZZ9TESTVNDR1", legal_name=text, status=text, expires=None, cage=text, immediate_owner=owner,
        address=Address(line1=text, city=text, state=text, zip_code=text, country=text), purpose=text,
    )  # fmt: skip
    assert isinstance(found(replace(award, vendors=(vendor,)), stated(row, record)), list)
