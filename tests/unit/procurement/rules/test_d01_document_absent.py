"""D01: the contract file holds what the action requires, final and where needed signed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest


def subjects(found):
    return {(each.subject.split(":")[1], each.severity.value) for each in found}


def test_an_empty_file_lacks_everything_a_new_award_needs(findings, award):
    found = findings(award, rule="D01")
    assert subjects(found) == {("instrument", "blocking"), ("AVFUNDS", "blocking"), ("SAMCHK", "advisory")}
    assert {each.subject.split(":")[0] for each in found} == {award.piid}


def test_an_option_needs_findings_and_a_modification_neither_these_nor_a_sam_check(
    findings, option, modification
):
    assert subjects(findings(option, rule="D01")) == {
        ("instrument", "blocking"),
        ("AVFUNDS", "blocking"),
        ("OPT_DF", "blocking"),
        ("SAMCHK", "advisory"),
    }
    assert subjects(findings(modification, rule="D01")) == {
        ("instrument", "blocking"),
        ("AVFUNDS", "blocking"),
    }


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_no_certification_of_funds_without_new_money(findings, modification, amount):
    found = findings(replace(modification, amount=Decimal(amount)), rule="D01")
    assert subjects(found) == {("instrument", "blocking")}


@pytest.mark.parametrize(
    ("amount", "day", "needed"),
    [
        ("350000.00", date(2026, 9, 14), False),
        ("350000.01", date(2026, 9, 14), True),
        ("250000.00", date(2025, 9, 30), False),
        ("250000.01", date(2025, 9, 30), True),
        ("350000.00", date(2025, 10, 1), False),
    ],
)
def test_a_responsibility_determination_above_the_threshold_of_the_day(findings, award, amount, day, needed):
    found = findings(replace(award, amount=Decimal(amount), effective_date=day), rule="D01")
    assert (("RESP", "blocking") in subjects(found)) is needed


def test_no_responsibility_determination_for_options(findings, option):
    found = findings(replace(option, amount=Decimal("900000.00")), rule="D01")
    assert "RESP" not in {subject for subject, _ in subjects(found)}


@pytest.mark.parametrize("instrument", ["SF-1449", "SF-26", "SF-33", "OF-347"])
def test_any_award_instrument_will_do(findings, award, document, instrument):
    found = findings(award, document(instrument), document("AVFUNDS"), document("SAMCHK"), rule="D01")
    assert found == []


def test_an_amendment_form_is_no_award_instrument_and_the_reverse(findings, award, modification, document):
    assert ("instrument", "blocking") in subjects(findings(award, document("SF-30"), rule="D01"))
    award_form = document("SF-1449", modification="P00001")
    assert ("instrument", "blocking") in subjects(findings(modification, award_form, rule="D01"))


@pytest.mark.parametrize("status", ["draft", "superseded"])
def test_a_draft_does_not_count_and_is_shown(findings, award, document, status):
    found = findings(award, document(), document("AVFUNDS", status=status), document("SAMCHK"), rule="D01")
    assert subjects(found) == {("AVFUNDS", "blocking")}
    assert f"AVFUNDS {status}" in found[0].because
    assert found[0].values[1].record_key == "DOC-AVFUNDS"


def test_an_unsigned_instrument_counts_as_absent(findings, award, document):
    found = findings(award, document(signed=None), document("AVFUNDS"), document("SAMCHK"), rule="D01")
    assert subjects(found) == {("instrument", "blocking")}
    assert "not signed by the contracting officer" in found[0].because


def test_other_documents_need_no_signature(findings, award, document):
    others = (document("AVFUNDS", signed=None), document("SAMCHK", signed=None))
    assert findings(award, document(), *others, rule="D01") == []


def test_one_signed_final_instrument_among_drafts_is_enough(findings, award, document):
    drafts = (document(status="draft", document_id="A"), document(signed=None, document_id="B"))
    assert findings(award, *drafts, document(), document("AVFUNDS"), document("SAMCHK"), rule="D01") == []


def test_a_document_of_another_contract_or_modification_does_not_count(findings, modification, document):
    funds = document("AVFUNDS", modification="P00001")
    elsewhere = (
        document("SF-30", modification="P00002"),
        document("SF-30", modification="P00001", piid="70ZZ0126C9999", document_id="DOC-2"),
        document("SF-30", document_id="DOC-3"),
    )
    (found,) = findings(modification, funds, *elsewhere, rule="D01")
    assert found.subject == f"{modification.piid}:instrument"
    assert "holds no instrument" in found.because


def complete(document, *without):
    return [document(kind) for kind in ("SF-1449", "AVFUNDS", "SAMCHK", "RESP") if kind not in without]


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({}, set()),
        ({"competition": "C"}, {("JA", "blocking"), ("PNM", "advisory")}),
        ({"competition": "C", "amount": Decimal(350_000)}, set()),
        ({"competition": "C", "referenced_idv": "70ZZ0124D0001"}, {("PNM", "advisory")}),
        ({"set_aside": "8AN"}, {("PNM", "advisory")}),
        ({"construction": True}, {("BOND", "advisory")}),
        ({"on_installation": True}, set()),
        ({"on_installation": True, "clauses": frozenset({"52.228-5"})}, {("COI", "advisory")}),
    ],
)
def test_the_matrix_for_a_new_award(findings, award, document, change, needed):
    action = replace(award, **({"amount": Decimal(400_000)} | change))
    assert subjects(findings(action, *complete(document), rule="D01")) == needed


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({"reason": "J", "amount": Decimal(0)}, {("NOV", "advisory")}),
        ({"reason": "V", "amount": Decimal(0)}, {("NOV", "advisory")}),
        ({"reason": "R", "amount": Decimal(0)}, {("REREP", "advisory")}),
        ({"reason": "M", "amount": Decimal(0)}, set()),
        ({"reason": "B", "amount": Decimal(400_000)}, {("AVFUNDS", "blocking"), ("PNM", "advisory")}),
        ({"reason": "C", "amount": Decimal(400_000)}, {("AVFUNDS", "blocking")}),
    ],
)
def test_the_matrix_for_a_modification(findings, modification, document, change, needed):
    form = document("SF-30", modification="P00001")
    assert subjects(findings(replace(modification, **change), form, rule="D01")) == needed


def test_value_with_all_options_counts_against_the_threshold(findings, award, document):
    action = replace(award, total_value=Decimal(350_001))
    assert subjects(findings(action, *complete(document, "RESP"), rule="D01")) == {("RESP", "blocking")}


def test_the_threshold_of_the_solicitation_counts(findings, award, document):
    action = replace(award, amount=Decimal(300_000), solicitation_date=date(2025, 9, 30))
    assert subjects(findings(action, *complete(document, "RESP"), rule="D01")) == {("RESP", "blocking")}


@pytest.mark.parametrize("doc_type", ["MEMO", "XREF"])
def test_a_combined_memo_or_a_cross_reference_counts_for_what_it_covers(findings, award, document, doc_type):
    action = replace(award, amount=Decimal(400_000))
    papers = complete(document, "RESP", "SAMCHK")
    memo = replace(document(doc_type), covers=("RESP", "SAMCHK"))
    assert findings(action, *papers, memo, rule="D01") == []
    draft = replace(memo, status="draft")
    assert subjects(findings(action, *papers, draft, rule="D01")) == {
        ("RESP", "blocking"),
        ("SAMCHK", "advisory"),
    }


def test_nothing_stands_in_for_the_instrument(findings, award, document):
    memo = replace(document("MEMO"), covers=("instrument", "SF-1449"))
    found = findings(award, *complete(document, "SF-1449"), memo, rule="D01")
    assert subjects(found) == {("instrument", "blocking")}


def test_a_clause_for_later_funds_makes_their_certification_advisory(findings, award, document):
    action = replace(award, clauses=frozenset({"52.232-18"}))
    (found,) = findings(action, *complete(document, "AVFUNDS"), rule="D01")
    assert found.severity == "advisory"
    assert "52.232-18" in found.because


def test_an_order_relies_on_the_file_of_its_vehicle(findings, award, document):
    order = replace(award, amount=Decimal(400_000), referenced_idv="70ZZ0124D0001")
    papers = complete(document, "RESP")
    assert subjects(findings(order, *papers, rule="D01")) == {("RESP", "advisory")}
    assert findings(order, *papers, document("RESP", piid="70ZZ0124D0001"), rule="D01") == []


def test_every_finding_cites_the_duty_behind_it(findings, award):
    for each in findings(replace(award, amount=Decimal(400_000), competition="C"), rule="D01"):
        assert "FAR" in each.because
        assert "RFO" in each.because
