"""The ledger's rows: typed columns, account labels, and the effect of a changed view."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from app.procurement.contract_facts import Commitment, ObligationLine, Tas
from workers.runtime.answer import Answer, ToolError
from workers.tools.ledger import look_up

COMMITMENT = {
    "pr_number": "PR-26-00417",
    "amount": Decimal("250000.00"),
    "status": "certified",
    "certified_at": date(2026, 8, 20),
    "expires": date(2026, 9, 30),
    "tas": "070-2026/2026-0613-000",
    "overage": Decimal("0.00"),
}
LINE = {
    "document_number": "70ZZ0126C0001",
    "piid": "70ZZ0126C0001",
    "modification": "0",
    "acrn": "AA",
    "clin": "0001",
    "vendor_uei": "ZZ9TESTVNDR1",
    "tas": "97-070-X-613-000",
    "fund_type": "no-year",
    "fund_status": "current",
    "object_class": "252",
    "fiscal_year": 2026,
    "obligated": Decimal("250000.00"),
    "deobligated": Decimal("10.00"),
    "expended": Decimal("5.00"),
    "posted": date(2026, 8, 25),
}


class Ledger:
    """Answers by view."""

    def __init__(self, commitments=(COMMITMENT,), lines=(LINE,)) -> None:
        self.rows = {"SELECT finance.commitments": commitments, "SELECT finance.obligation_lines": lines}
        self.asked = {}

    def select(self, operation, _, params):
        self.asked[operation] = params
        return Answer(uuid4(), [dict(row) for row in self.rows[operation]])


def test_rows_become_facts(action):
    commitment, line = look_up(Ledger(), action)
    assert commitment.fact == Commitment(
        **{**COMMITMENT, "tas": Tas(agency="070", main="0613", available_from=2026, available_to=2026)}
    )
    tas = Tas(agency="070", main="0613", allocation_transfer="097")
    assert line.fact == ObligationLine(**{**LINE, "tas": tas})
    assert line.fact.net == Decimal("249990.00")
    assert (commitment.record_key, line.record_key) == ("PR-26-00417", "70ZZ0126C0001/AA/0001")


def test_commitments_of_the_action_and_lines_of_the_contract(action):
    ledger = Ledger((), ())
    assert list(look_up(ledger, action)) == []
    assert ledger.asked == {
        "SELECT finance.commitments": {"piid": "70ZZ0126C0001", "modification": "0"},
        "SELECT finance.obligation_lines": {"piid": "70ZZ0126C0001"},
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tas": "0613"}, "0.tas"),
        ({"status": "approved"}, "0.status"),
        ({"amount": Decimal("1.005")}, "0.amount"),
        ({"amount": None}, "0.amount"),
        ({"colour": "red"}, "0.colour"),
    ],
)
def test_a_malformed_row_is_a_gap_that_names_the_column(action, change, field):
    with pytest.raises(ToolError, match=f"unreadable answer: {field}: "):
        list(look_up(Ledger([{**COMMITMENT, **change}]), action))


def test_a_view_without_a_column_is_a_gap(action):
    row = {name: value for name, value in LINE.items() if name != "expended"}
    with pytest.raises(ToolError, match=r"unreadable answer: 0\.expended: "):
        list(look_up(Ledger(lines=[row]), action))
