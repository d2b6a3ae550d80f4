"""Financial obligations: what was committed and obligated for this action?  Views of the finance schema.

Amounts are positive for obligations, the opposite of the sign DATA Act file C uses.
"""

from collections.abc import Iterator

from app.domain.casefile import Source
from app.domain.facts import Commitment, ObligationLine
from app.domain.procurement import ProcurementAction
from workers.grants import DatabaseUser
from workers.ledger_client import LedgerClient
from workers.tool import DatabaseTool, Stated


def look_up(client: LedgerClient, action: ProcurementAction) -> Iterator[Stated]:
    """Commitments and obligation lines under this award or modification."""
    key = {"piid": action.piid, "modification": action.modification_number}
    answer = client.select(
        "SELECT finance.commitments",
        "SELECT pr_number, amount, status, certified_at::date AS certified_at FROM finance.commitments"
        " WHERE piid = %(piid)s AND modification_number = %(modification)s ORDER BY pr_number",
        key,
    )
    for row in answer.body:
        yield Stated(row["pr_number"], Commitment(**row), answer.call_id)
    answer = client.select(
        "SELECT finance.obligation_lines",
        "SELECT document_number, piid, modification_number AS modification, obligated, deobligated, vendor_uei,"
        " acrn FROM finance.obligation_lines"
        " WHERE piid = %(piid)s AND modification_number = %(modification)s ORDER BY document_number, acrn",
        key,
    )
    for row in answer.body:
        record_key = f"{row['document_number']}/{row.pop('acrn')}"
        yield Stated(record_key, ObligationLine(**row), answer.call_id)


TOOL = DatabaseTool(
    source=Source.LEDGER,
    grant=DatabaseUser(role="ledger-reader", scope="finance:select"),
    address="ledger_url",
    look_up=look_up,
)
