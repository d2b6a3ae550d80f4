"""Documents: what lies in the contract file?  Metadata and what was read from pages, never full text."""

from collections.abc import Iterator

from app.procurement.action import ProcurementAction
from app.procurement.systems import Source, system_of
from workers.payloads.file_documents import Documents
from workers.runtime.answer import whole
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, SourcedFact


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[SourcedFact]:
    """All documents of the contract, and of the vehicle of an order: some that an action needs are filed there."""
    for piid in filter(None, (action.piid, action.referenced_idv)):
        answer = client.get("/documents/v1/documents", {"piid": piid})
        page = answer.parse(Documents)
        for document in whole(page.rows, total=page.total):
            fact = document.to_fact()
            yield SourcedFact(fact.document_id, fact, answer.call_id)


TOOL = HttpTool(record=system_of(Source.DOCUMENTS), look_up=look_up)
