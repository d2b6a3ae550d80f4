"""The raw answer of one call."""

from uuid import UUID

from pydantic import Field

from app.web.api.shapes import Shape, UtcTime


class CallAnswer(Shape):
    """The answer of one call as text, with its current SHA-256 (hex) and the one recorded on receipt.

    If no body was stored, `text` and `digest` are null.
    """

    call_id: UUID
    run_id: UUID
    tool: str
    operation: str
    status: int
    started_at: UtcTime
    recorded_digest: str | None
    digest: str | None
    unchanged: bool | None = Field(description="Whether both digests match; null if one is missing.")
    bytes: int
    text: str | None = Field(description="Bytes that are not UTF-8 become escapes; JSON gets line breaks.")
    cut: bool = Field(description="Whether the text is cut off.")
