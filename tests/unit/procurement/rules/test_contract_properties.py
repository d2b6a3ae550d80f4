"""What holds for all contract and document rules: order does not matter, other contracts change nothing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.procurement.action import ActionType, OptionExercise
from app.procurement.case_file import CaseFile, Evidence
from app.procurement.contract_facts import FiledDocument, OptionTerms, ReportedAction
from app.procurement.rules import CHECKS
from app.procurement.systems import Source
from app.procurement.vendor_facts import Certification, Registration

IDS = ("C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "D01", "D02", "D03", "D04")
PIID, OTHER, VEHICLE = "70ZZ0126C0001", "70ZZ0126C9999", "70ZZ0124D0001"
NUMBERS = ("0", "P00001", "P00002", "P00003", "P00005", "A00001")
DAYS = st.dates(min_value=date(2025, 1, 1), max_value=date(2028, 1, 1))
MONEY = st.sampled_from([Decimal(amount) for amount in (-5_000, 0, 250_000, 400_000, 950_000, 40_000_000)])


def maybe(values):
    return st.none() | values


def report_of(piid):
    return st.builds(
        ReportedAction,
        piid=st.just(piid),
        modification=st.sampled_from(NUMBERS),
        obligated=MONEY,
        signed=maybe(DAYS),
        reason=maybe(st.sampled_from("ABCEFGJKMST")),
        total_obligated=maybe(MONEY),
        total_exercised=maybe(MONEY),
        total_all_options=maybe(MONEY),
        current_completion=maybe(DAYS),
        last_date_to_order=maybe(DAYS),
        closed=st.booleans(),
        pricing=maybe(st.sampled_from("JUK")),
        competition=maybe(st.sampled_from("AC")),
        set_aside=maybe(st.sampled_from(["NONE", "SBA", "8AN"])),
        naics=maybe(st.just("336611")),
        size=maybe(st.sampled_from("SO")),
        subcontract_plan=maybe(st.sampled_from("ABF")),
        status=st.sampled_from(["final", "final", "draft", "deleted"]),
    )


def document_of(piid):
    return st.builds(
        FiledDocument,
        document_id=st.uuids().map(str),
        doc_type=st.sampled_from(["SF-30", "SF-1449", "AVFUNDS", "RESP", "JA", "COI", "COR", "SBSP", "MEMO"]),
        status=st.sampled_from(["final", "final", "draft"]),
        amount=maybe(MONEY),
        piid=st.just(piid),
        modification=maybe(st.sampled_from(NUMBERS)),
        co_signed=maybe(DAYS),
        contractor_signed=maybe(DAYS),
        expires=maybe(DAYS),
        printed_piid=maybe(st.sampled_from([PIID, OTHER])),
        pricing=maybe(st.sampled_from("JU")),
        covers=st.sampled_from([(), ("RESP",), ("COI", "COR")]),
        options=st.sampled_from(
            [(), (OptionTerms(number=1, price=Decimal(1), exercise_by=date(2026, 1, 1)),)]
        ),
    )


REGISTRATIONS = st.builds(
    Registration,
    uei=st.just("ZZ9TESTVNDR1"),
    legal_name=st.just("EXAMPLE MARINE"),
    status=st.just("Active"),
    expires=st.none(),
    not_small_for=st.sampled_from([frozenset(), frozenset({"336611"})]),
    certifications=st.sampled_from([(), (Certification(code="A6", ends=date(2026, 1, 1)),)]),
)
SOURCES = {
    Registration: Source.SAM_GOV,
    ReportedAction: Source.CONTRACTS,
    FiledDocument: Source.DOCUMENTS,
}


@st.composite
def rows_about(draw, piid):
    facts = draw(st.lists(report_of(piid) | document_of(piid) | REGISTRATIONS, max_size=6))
    return [(draw(st.uuids()), fact) for fact in facts]


@pytest.fixture(scope="session")
def actions(award):
    kinds = st.sampled_from(list(ActionType))
    return st.builds(
        lambda kind, **fields: replace(
            award,
            action_type=kind,
            modification=None if kind is ActionType.NEW_AWARD else "P00003",
            option=OptionExercise(number=1, price=Decimal(2), notice_date=date(2026, 9, 1)),
            naics="336611",
            **fields,
        ),
        kinds,
        amount=MONEY,
        reason=maybe(st.sampled_from("ABCFJK")),
        set_aside=maybe(st.sampled_from(["SBA", "8A", "8AN"])),
        competition=maybe(st.sampled_from("AC")),
        period_end=maybe(DAYS),
        pricing=maybe(st.sampled_from("JU")),
        defense=st.booleans(),
        on_installation=st.booleans(),
        referenced_idv=maybe(st.just(VEHICLE)),
    )


def found(action, rows, stated):
    template = stated(Registration(uei="Z", legal_name="Z", status="Active", expires=None))[0]
    evidence = tuple(
        Evidence(
            evidence_id=identity,
            source=SOURCES[type(fact)],
            record_key=getattr(fact, "document_id", fact.piid if hasattr(fact, "piid") else fact.uei),
            fact=fact,
            pulled_at=template.pulled_at,
        )
        for identity, fact in rows
    )
    case = CaseFile(action=action, evidence=evidence)
    return [each for rule in CHECKS if rule.id in IDS for each in rule.check(rule, case)]


def told(findings):
    """What an officer reads: evidence of equal content may stand in another order."""
    return [(each.rule, each.subject, each.severity, each.because) for each in findings]


@settings(max_examples=50)
@given(data=st.data())
def test_the_order_of_rows_does_not_matter(data, actions, stated):
    action, rows = data.draw(actions), data.draw(rows_about(PIID))
    shuffled = data.draw(st.permutations(rows))
    assert told(found(action, shuffled, stated)) == told(found(action, rows, stated))


@settings(max_examples=50)
@given(data=st.data())
def test_facts_about_another_contract_change_nothing(data, actions, stated):
    action, rows = data.draw(actions), data.draw(rows_about(PIID))
    others = [row for row in data.draw(rows_about(OTHER)) if not isinstance(row[1], Registration)]
    assert found(action, rows + others, stated) == found(action, rows, stated)


@settings(max_examples=50)
@given(data=st.data())
def test_subjects_are_unique_and_words_name_two_values(data, actions, stated):
    action, rows = data.draw(actions), data.draw(rows_about(PIID))
    findings = found(action, rows, stated)
    assert len({(each.rule, each.subject) for each in findings}) == len(findings)
    for each in findings:
        assert each.subject.split(":")[0] == PIID
        assert each.because.endswith(".")
        assert len(each.values) >= 2


@settings(max_examples=50)
@given(data=st.data())
def test_contracts_without_a_vehicle_read_the_same_with_its_reports(data, actions, stated):
    """Reports of a vehicle matter to new orders only."""
    action = replace(data.draw(actions), referenced_idv=None)
    rows = data.draw(rows_about(PIID))
    vehicle = [(identity, fact) for identity, fact in data.draw(rows_about(VEHICLE)) if hasattr(fact, "piid")]
    assert found(action, rows + vehicle, stated) == found(action, rows, stated)


def test_every_rule_describes_itself():
    rules = {rule.id: rule for rule in CHECKS if rule.id in IDS}
    assert set(rules) == set(IDS)
    for rule in rules.values():
        assert rule.comparison.endswith(".")
        assert rule.recommended.endswith(".")
        assert all(trap.endswith(".") for trap in rule.traps)
        assert len(rule.traps) >= 5
        assert rule.id in (rule.check.__doc__ or "")
        assert "FAR" in (rule.check.__doc__ or "")
        assert "RFO" in (rule.check.__doc__ or "")
        assert not set(rule.sources) & set(rule.helped_by)
    assert (rules["C02"].version, rules["D01"].version) == (2, 3)


def test_the_earliest_possible_date_is_handled(award, stated):
    rows = [(UUID(int=1), ReportedAction(piid=PIID, modification="0", obligated=Decimal(1), signed=date.min))]
    action = replace(award, effective_date=date.min + timedelta(days=400))
    found(action, rows, stated)
