"""Documents: what lies in the contract file?  Metadata and what was read from pages, never full text."""

from collections.abc import Iterator

from app.procurement.action import ProcurementAction
from app.procurement.systems import Source, system_of
from workers.asking import text_at, unread
from workers.payloads.file_documents import Document, Documents
from workers.payloads.rows import read_row
from workers.runtime.answer import whole
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import HttpTool, SourcedFact


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[SourcedFact]:
    """All documents of the contract, and of the vehicle of an order: some that an action needs are filed there."""
    for piid in filter(None, (action.piid, action.referenced_idv)):
        answer = client.get("/documents/v1/documents", {"piid": piid})
        page = answer.parse(Documents)
        for raw in whole(page.rows, total=page.total):
            document, odd = read_row(Document, raw)
            key = text_at(raw, "documentId") or "a document without an identifier"
            if document:
                yield SourcedFact(document.document_id, document.to_fact(), answer.call_id)
            yield from unread(odd, answer.call_id, record=key, is_lost=document is None)


TOOL = HttpTool(record=system_of(Source.DOCUMENTS), look_up=look_up)
