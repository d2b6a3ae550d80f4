"""All rules together: silence is never an answer, order never matters, words stay neutral."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.procurement.case_file import CaseFile
from app.procurement.rules import CHECKS, RULES, evaluate
from app.procurement.rules.support.applicability import does_not_apply
from app.procurement.rules.support.value_text import money
from app.procurement.systems import Source


def test_a_clean_award_has_no_finding(findings, award, clean):
    assert findings(award, *clean) == []


@pytest.mark.parametrize("source", list(Source))
def test_a_silent_source_is_a_finding_that_names_the_checks_not_made(findings, award, clean, source):
    found = findings(award, *clean, silent=[source])
    (silent,) = [each for each in found if each.subject == source.value]
    assert (silent.rule, silent.severity) == ("S01", "blocking")
    assert "HTTP 500" in silent.because
    answer, blind, partly = silent.values
    assert (answer.source, answer.value) == (source.value, "none: HTTP 500")
    for rule in CHECKS:
        due = does_not_apply(rule, award) is None
        assert (rule.id in blind.value) is (due and source in rule.sources), rule.id
        assert (rule.id in partly.value) is (due and source in rule.helped_by), rule.id


def test_a_silent_source_is_advisory_for_a_modification(findings, modification):
    found = findings(modification, silent=[Source.DEBARMENT], rule="S01")
    assert [each.severity for each in found] == ["advisory"]


def test_a_rule_with_a_silent_source_finds_nothing(findings, award):
    """Nothing was answered: every rule would have a finding, none may be made up."""
    found = findings(award, silent=list(Source))
    assert {each.rule for each in found} == {"S01"}
    assert len(found) == len(Source)


def test_two_failures_of_one_source_are_one_finding(findings, award, clean):
    assert len(findings(award, *clean, silent=[Source.LEDGER, Source.LEDGER])) == 1


@given(silent=st.sets(st.sampled_from(list(Source)), min_size=1))
def test_a_run_with_a_gap_is_never_clear(silent, findings, award, clean):
    found = findings(award, *clean, silent=sorted(silent))
    assert {each.subject for each in found if each.rule == "S01"} == {source.value for source in silent}


@given(data=st.data())
def test_the_order_of_answers_and_vendors_does_not_matter(  # noqa: PLR0917  # fixtures
    data, award, stated, registration, document, report, line, commitment
):
    evidence = stated(
        registration("ZZ9TESTVNDR1", status="Expired"),
        registration("ZZ9TESTVNDR1"),
        document(amount="1.00", document_id="DOC-1"),
        document(amount="250000.00", document_id="DOC-2"),
        document("AVFUNDS", status="draft"),
        report("249000.00"),
        line("200000.00", number="A"),
        line("50000.00", number="B"),
        commitment("10.00", number="A"),
        commitment("20.00", status="pending", number="B"),
    )
    expected = evaluate(CaseFile(action=award, evidence=evidence))
    assert {"C02", "D01", "F01"} <= {each.rule for each in expected}
    shuffled = CaseFile(
        action=replace(award, vendors=tuple(data.draw(st.permutations(award.vendors)))),
        evidence=tuple(data.draw(st.permutations(evidence))),
    )
    assert evaluate(shuffled) == expected


@given(amount=st.decimals(min_value=-(10**13), max_value=10**13, places=2, allow_nan=False))
def test_an_action_with_any_amount_is_evaluated_with_unique_subjects(amount, findings, award):
    found = findings(replace(award, amount=amount))
    assert len({(each.rule, each.subject) for each in found}) == len(found)


def test_findings_are_worded_neutrally_and_cite_their_authority(findings, award, stated):
    found = [*findings(award), *findings(award, silent=list(Source))]
    for each in found:
        text = f"{each.title} {each.because} {each.recommended}".lower()
        assert not re.search(r"violat|fraud|illegal|guilty|unlawful|non-?complian", text)
        assert re.search(r"FAR", each.authority.codified)
        assert re.search(r"RFO", each.authority.rfo)


def test_rules_are_told_apart_and_describe_themselves():
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids), key=lambda rule: ("RECDFS".index(rule[0]), rule))
    assert all(rule.title and rule.version >= 1 for rule in RULES)


@pytest.mark.parametrize(
    ("amount", "written"),
    [("250000", "$250,000.00"), ("-0.5", "-$0.50"), ("0", "$0.00"), ("1234567.891", "$1,234,567.89")],
)
def test_money_is_written_in_dollars_and_cents(amount, written):
    assert money(Decimal(amount)) == written
