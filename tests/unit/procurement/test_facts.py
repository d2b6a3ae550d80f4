"""Facts: what sources write in place of a value is no value."""

from datetime import date
from decimal import Decimal

import pytest

from app.procurement.contract_facts import ReportedAction
from app.procurement.facts import says_nothing


@pytest.mark.parametrize(
    "text", ["", " ", "N/A", "n/a", "NA", "None", "Not Applicable", "-", "000000", " 00 "]
)
def test_texts_that_say_nothing(text):
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["A", "0", "NAMIBIA", "541330", "NONEX", "R425"])
def test_texts_that_say_something(text):
    assert not says_nothing(text)


def test_a_report_has_no_code_where_the_system_writes_that_there_is_none():
    report = ReportedAction(
        piid="70ZZ0126C0001",
        modification="0",
        obligated=Decimal(1),
        signed=date(2026, 9, 14),
        competition="N/A",
        naics="000000",
        vendor_name="EXAMPLE MARINE",
        registration_exception="NONE",
    )
    assert (report.competition, report.naics, report.registration_exception) == (None, None, None)
    assert (report.vendor_name, report.modification) == ("EXAMPLE MARINE", "0")
