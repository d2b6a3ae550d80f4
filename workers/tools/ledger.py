"""Financial obligations: what was committed and obligated?  Views of the finance schema."""

from collections.abc import Iterator

from app.procurement.action import ProcurementAction
from app.procurement.systems import Source, system_of
from workers.payloads.finance import Commitments, ObligationLines
from workers.runtime.database_client import DatabaseClient
from workers.runtime.tool import DatabaseTool, SourcedFact


def look_up(client: DatabaseClient, action: ProcurementAction) -> Iterator[SourcedFact]:
    """Commitments for this award or modification, and all obligation lines of the contract."""
    answer = client.select(
        "SELECT finance.commitments",
        "SELECT pr_number, amount, status, certified_at, expires, tas, overage FROM finance.commitments"
        " WHERE piid = %(piid)s AND modification_number = %(modification)s ORDER BY pr_number",
        {"piid": action.piid, "modification": action.modification_number},
    )
    for commitment in answer.parse(Commitments).root:
        yield SourcedFact(commitment.pr_number, commitment.to_fact(), answer.call_id)
    answer = client.select(
        "SELECT finance.obligation_lines",
        "SELECT document_number, piid, modification_number AS modification, acrn, clin, vendor_uei, tas, fund_type,"
        " fund_status, object_class, fiscal_year, obligated, deobligated, expended, gl_post_date AS posted"
        " FROM finance.obligation_lines WHERE piid = %(piid)s ORDER BY document_number, acrn, clin",
        {"piid": action.piid},
    )
    for line in answer.parse(ObligationLines).root:
        yield SourcedFact(line.record_key, line.to_fact(), answer.call_id)


TOOL = DatabaseTool(record=system_of(Source.LEDGER), look_up=look_up)
