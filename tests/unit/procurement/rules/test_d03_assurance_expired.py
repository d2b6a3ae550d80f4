"""D03: insurance, bonds, clearances and the officer's representative last as long as the work."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.procurement.case_file import CaseFile
from app.procurement.rules import evaluate

END = date(2027, 9, 13)


@pytest.fixture
def work(award):
    """Until 13 September 2027, effective 14 September 2026."""
    return replace(award, period_end=END)


@pytest.fixture
def dated(document):
    def build(doc_type="COI", *, expires, **fields):
        filed = document(doc_type, document_id=f"DOC-{doc_type}-{expires}")
        return replace(filed, expires=expires, **fields)

    return build


def severities(found):
    return [each.severity.value for each in found]


@pytest.mark.parametrize("doc_type", ["COI", "BOND", "COR", "CLEARANCE"])
@pytest.mark.parametrize(("expires", "found"), [(END, []), (date(2027, 9, 12), ["advisory"])])
def test_an_assurance_must_last_as_long_as_the_work(findings, work, dated, doc_type, expires, found):  # noqa: PLR0917  # fixtures
    result = findings(work, dated(doc_type, expires=expires), rule="D03")
    assert severities(result) == found
    for each in result:
        assert each.subject == f"{work.piid}:{doc_type}"
        assert "2027-09-12" in each.because
        assert "2027-09-13" in each.because


@pytest.mark.parametrize(
    ("expires", "severity"), [(date(2026, 9, 13), "blocking"), (date(2026, 9, 14), "advisory")]
)
def test_work_on_an_installation_needs_insurance(findings, work, dated, expires, severity):
    """What is valid today is renewed in the course of the contract."""
    action = replace(work, on_installation=True)
    assert severities(findings(action, dated(expires=expires), rule="D03")) == [severity]
    assert severities(findings(work, dated(expires=expires), rule="D03")) == ["advisory"]


def test_the_newest_certificate_counts(findings, work, dated):
    assert findings(work, dated(expires=date(2026, 1, 1)), dated(expires=END), rule="D03") == []


@pytest.mark.parametrize("expires", [END, None])
def test_a_renewal_sent_by_the_broker_counts(findings, work, dated, expires):
    mail = dated("EMAIL", expires=expires, covers=("COI",))
    assert findings(work, dated(expires=date(2026, 1, 1)), mail, rule="D03") == []


def test_without_an_end_of_the_work_today_counts(award, stated, dated, findings):
    certificate = dated(expires=date(2026, 9, 13))
    assert severities(findings(award, certificate, rule="D03")) == ["advisory"]
    case = CaseFile(action=award, evidence=stated(certificate), as_of=datetime(2026, 9, 14, 1, tzinfo=UTC))
    assert not [each for each in evaluate(case) if each.rule == "D03"], "still the 13th in Washington"


def test_the_end_reported_counts_where_the_action_has_none(findings, award, dated, report):
    reported = replace(report(), current_completion=END)
    assert severities(findings(award, dated(expires=date(2027, 1, 1)), reported, rule="D03")) == ["advisory"]


@pytest.mark.parametrize(
    ("pricing", "found"), [("U", ["blocking"]), ("Y", ["blocking"]), ("J", []), (None, [])]
)
def test_a_representative_is_needed_but_for_firm_fixed_prices(findings, work, pricing, found):
    result = findings(replace(work, pricing=pricing), rule="D03")
    assert severities(result) == found
    assert {each.subject for each in result} <= {f"{work.piid}:COR"}


def test_a_letter_or_what_covers_it_is_enough(findings, work, dated, document):
    action = replace(work, pricing="U")
    assert findings(action, dated("COR", expires=END), rule="D03") == []
    assert findings(action, document("COR"), rule="D03") == []
    assert findings(action, replace(document("MEMO"), covers=("COR",)), rule="D03") == []
    assert severities(findings(action, document("COR", status="draft"), rule="D03")) == ["blocking"]


def test_a_letter_that_has_run_out_is_none(findings, work, dated):
    over = dated("COR", expires=date(2026, 9, 1))
    assert severities(findings(replace(work, pricing="U"), over, rule="D03")) == ["blocking"]
    assert severities(findings(replace(work, pricing="J"), over, rule="D03")) == ["advisory"]


def test_a_modification_without_money_does_not_block(findings, modification):
    action = replace(modification, pricing="U", amount=Decimal(0))
    assert severities(findings(action, rule="D03")) == ["advisory"]


def test_the_vehicles_file_counts_for_its_orders(findings, work, document):
    order = replace(work, pricing="Y", referenced_idv="70ZZ0124D0001")
    assert findings(order, document("COR", piid="70ZZ0124D0001"), rule="D03") == []
