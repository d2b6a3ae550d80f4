"""Documents: metadata is read strictly, page text only where it was recognised with confidence."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from app.procurement.contract_facts import AccountingLine, OptionTerms, Tas
from app.procurement.facts import Address
from workers.payloads.file_documents import SURE
from workers.runtime.answer import Answer
from workers.tools.documents import look_up

TAS = {
    "ata": None,
    "aid": "070",
    "bpoa": "2026",
    "epoa": "2026",
    "availabilityType": None,
    "main": "0613",
    "sub": "000",
}
DOCUMENT = {
    "documentId": "DOC-1",
    "docType": "SF-30",
    "status": "final",
    "piid": "70ZZ0126C0001",
    "modificationNumber": "P00001",
    "referencedIdvPiid": "70ZZ0124D0009",
    "vendorUei": "ZZ9TESTVNDR1",
    "effectiveDate": "2026-09-15",
    "signedDates": {"co": "2026-09-14", "contractor": None},
    "signatories": ["JANE EXAMPLE"],
    "amount": "248500.00",
    "expirationDate": None,
    "sha256": "a" * 64,
    "signedSha256": "b" * 64,
    "filedAt": "2026-09-14T15:30:00Z",
    "extractedFields": {},
}


class File:
    """Answers by PIID."""

    def __init__(self, **by_piid) -> None:
        self.by_piid = by_piid
        self.asked = []

    def get(self, _, params):
        self.asked.append(params)
        rows = self.by_piid.get(params["piid"], [])
        return Answer(uuid4(), {"totalRecords": len(rows), "documents": rows})


@pytest.fixture
def fact(action):
    def read(fields=None, **metadata):
        document = {**deepcopy(DOCUMENT), **metadata, "extractedFields": fields}
        (stated,) = look_up(File(**{action.piid: [document]}), action)
        return stated.fact

    return read


def sure(value, confidence=0.97):
    return {"value": value, "confidence": confidence, "page": 1}


def test_the_whole_file_is_asked_for_and_for_an_order_its_vehicles(action):
    served = File()
    list(look_up(served, action))
    list(look_up(served, replace(action, referenced_idv="70ZZ0124D0009")))
    assert served.asked == [{"piid": "70ZZ0126C0001"}] * 2 + [{"piid": "70ZZ0124D0009"}]


def test_metadata_is_parsed(fact):
    read = fact()
    assert (read.co_signed, read.contractor_signed, read.effective) == (
        date(2026, 9, 14),
        None,
        date(2026, 9, 15),
    )
    assert (read.filed, read.expires, read.currency) == (date(2026, 9, 14), None, "USD")
    assert (read.sha256, read.signed_sha256) == ("a" * 64, "b" * 64)
    assert (read.signatories, read.vendor_uei, read.referenced_idv) == (
        ("JANE EXAMPLE",),
        "ZZ9TESTVNDR1",
        "70ZZ0124D0009",
    )


def test_the_text_of_the_page_is_parsed(fact):
    read = fact(
        {
            "piid": sure("70ZZ0126C0001"),
            "modificationNumber": sure("P00001"),
            "vendorUei": sure("zz9testvndr1"),
            "vendorName": sure("EXAMPLE MARINE"),
            "cageCode": sure("9ZZ99"),
            "vendorAddress": sure({"addressLine1": "1 EXAMPLE WAY", "city": "NORFOLK"}),
            "naics": sure("541330"),
            "psc": sure("R425"),
            "pricingType": sure("J"),
            "extentCompeted": sure("A"),
            "considersIntegrity": sure(True),
            "covers": sure(["RESP", "PNM"]),
            "checkedOn": sure("2026-09-14"),
            "authority": sure("6.302-2"),
            "periodEnd": sure("2027-09-14"),
        }
    )
    assert (read.printed_piid, read.printed_modification) == ("70ZZ0126C0001", "P00001")
    assert (read.printed_uei, read.printed_name, read.printed_cage) == (
        "ZZ9TESTVNDR1",
        "EXAMPLE MARINE",
        "9ZZ99",
    )
    assert read.printed_address == Address(line1="1 EXAMPLE WAY", city="NORFOLK")
    assert (read.naics, read.psc, read.pricing, read.competition) == ("541330", "R425", "J", "A")
    assert (read.considers_integrity, read.covers) == (True, ("RESP", "PNM"))
    assert (read.checked, read.authority, read.period_end) == (
        date(2026, 9, 14),
        "6.302-2",
        date(2027, 9, 14),
    )


def test_accounting_lines_and_options_are_parsed(fact):
    read = fact(
        {
            "accounting": sure([{"acrn": "AA", "tas": TAS, "amount": "248500.00", "objectClass": "252"}]),
            "options": sure(
                [
                    {
                        "number": 1,
                        "price": "300000.00",
                        "exerciseFrom": "2027-07-01",
                        "exerciseBy": "2027-08-31",
                        "preliminaryNoticeDays": 60,
                        "quantity": "12",
                        "latestEnd": "2031-09-14",
                    }
                ]
            ),
        }
    )
    assert read.accounting == (
        AccountingLine(
            acrn="AA",
            tas=Tas(agency="070", main="0613", available_from=2026, available_to=2026),
            amount=Decimal("248500.00"),
            object_class="252",
        ),
    )
    assert read.options == (
        OptionTerms(
            number=1,
            price=Decimal("300000.00"),
            exercise_from=date(2027, 7, 1),
            exercise_by=date(2027, 8, 31),
            preliminary_notice_days=60,
            quantity=Decimal(12),
            latest_end=date(2031, 9, 14),
        ),
    )


def test_a_no_year_account_and_a_transfer_are_parsed(fact):
    tas = {**TAS, "ata": "97", "bpoa": None, "epoa": None, "availabilityType": "X"}
    (line,) = fact({"accounting": sure([{"tas": tas}])}).accounting
    assert str(line.tas) == "097-070-X-0613-000"


def test_a_value_read_with_little_confidence_is_not_used(fact):
    fields = {"piid": sure("70ZZ0126C000I", SURE - 0.01), "vendorName": sure("EXAMPLE MARINE", SURE)}
    read = fact(fields)
    assert (read.printed_piid, read.printed_name) == (None, "EXAMPLE MARINE")


def test_a_document_that_was_not_read_has_no_values(fact):
    read = fact(None)
    assert (read.printed_piid, read.accounting, read.options, read.considers_integrity) == (
        None,
        (),
        (),
        False,
    )


@pytest.mark.parametrize(
    ("fields", "metadata", "where"),
    [
        ({"piid": "70ZZ0126C0001"}, {}, "extractedFields.piid"),
        ({"piid": sure("70ZZ0126C0001", 1.5)}, {}, "extractedFields.piid.confidence"),
        ({"checkedOn": sure("14.9.2026")}, {}, "extractedFields.checkedOn.value"),
        ({"accounting": sure([{"tas": {"aid": "070"}}])}, {}, "extractedFields.accounting.value.0.tas.main"),
        ({"options": sure([{"number": 1, "price": "free"}])}, {}, "extractedFields.options.value.0.price"),
        (None, {"filedAt": "yesterday"}, "filedAt"),
        (None, {"signatories": "JANE"}, "signatories"),
    ],
)
def test_a_malformed_value_is_named_and_the_document_stands(action, fields, metadata, where):
    document = {**DOCUMENT, "extractedFields": fields, **metadata}
    filed, *unread = (each.fact for each in look_up(File(**{action.piid: [document]}), action))
    assert filed.document_id == "DOC-1"
    assert unread[0].field == where
    assert not any(each.is_lost for each in unread)
