"""Facts as JSON in the evidence table, whatever they hold."""

import json
from datetime import date
from decimal import Decimal

from app.procurement.contract_facts import AccountingLine, FiledDocument, Tas
from app.procurement.facts import Address
from app.procurement.vendor_facts import Certification, HiddenEntity, IntegrityRecord, Registration
from app.store.fact_json import fact_to_json

TAS = Tas(agency="070", main="0613", available_from=2026, available_to=2026)


def test_a_registration_with_everything_in_it():
    fact = Registration(
        uei="ZZ9TESTVNDR1",
        legal_name="EXAMPLE MARINE",
        status="Active",
        expires=date(2027, 2, 9),
        address=Address(city="NORFOLK"),
        small_for=frozenset({"541330", "336611"}),
        certifications=(Certification(code="A6", ends=date(2026, 12, 31)),),
    )
    row = fact_to_json(fact)
    assert json.loads(json.dumps(row)) == row
    assert row["expires"] == "2027-02-09"
    assert row["address"]["city"] == "NORFOLK"
    assert row["small_for"] == ["336611", "541330"]
    assert row["certifications"] == [{"code": "A6", "ends": "2026-12-31"}]


def test_accounting_data_in_a_document():
    fact = FiledDocument(
        document_id="DOC-1",
        doc_type="SF-30",
        status="final",
        amount=Decimal("10.00"),
        piid="70ZZ0126C0001",
        modification="P00001",
        co_signed=None,
        accounting=(AccountingLine(acrn="AA", tas=TAS, amount=Decimal("10.00")),),
        covers=("RESP",),
    )
    row = fact_to_json(fact)
    assert json.loads(json.dumps(row)) == row
    assert row["accounting"][0]["amount"] == "10.00"
    assert row["accounting"][0]["tas"]["available_to"] == 2026
    assert row["covers"] == ["RESP"]


def test_the_integrity_records_of_a_hidden_entity():
    fact = HiddenEntity(integrity_records=(IntegrityRecord(kind="Termination", recorded=date(2024, 2, 15)),))
    row = fact_to_json(fact)
    assert json.loads(json.dumps(row)) == row
    assert (row["uei"], row["integrity_records"]) == (
        None,
        [{"kind": "Termination", "recorded": "2024-02-15"}],
    )
