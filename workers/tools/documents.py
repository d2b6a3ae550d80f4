"""Documents: what lies in the contract file for this action?  Metadata only, never full text."""

from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, Field

from app.domain.casefile import Source
from app.domain.facts import FiledDocument
from app.domain.procurement import ProcurementAction
from workers.grants import ApiKey
from workers.http_client import HttpClient, whole
from workers.tool import HttpTool, Money, Stated


class _Signed(BaseModel):
    contracting_officer: date | None = Field(default=None, alias="co")


class _Document(BaseModel):
    document_id: str = Field(alias="documentId")
    doc_type: str = Field(alias="docType")
    status: str
    piid: str
    modification: str | None = Field(default=None, alias="modificationNumber")
    amount: Money | None = None
    signed: _Signed = Field(default_factory=_Signed, alias="signedDates")


class _Documents(BaseModel):
    total: int = Field(alias="totalRecords")
    documents: list[_Document]


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[Stated]:
    """The documents filed under this award or modification."""
    answer = client.get(
        "/documents/v1/documents", {"piid": action.piid, "modificationNumber": action.modification_number}
    )
    page = answer.parse(_Documents)
    for document in whole(page.documents, total=page.total):
        fact = FiledDocument(
            document_id=document.document_id,
            doc_type=document.doc_type,
            status=document.status,
            amount=document.amount,
            piid=document.piid,
            modification=document.modification,
            co_signed=document.signed.contracting_officer,
        )
        yield Stated(fact.document_id, fact, answer.call_id)


TOOL = HttpTool(
    source=Source.DOCUMENTS,
    grant=ApiKey(role="documents", scope="documents:read"),
    address="documents_url",
    look_up=look_up,
)
