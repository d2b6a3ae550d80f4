"""What a system answered to one call."""

from uuid import UUID

from pydantic import Field

from app.web.api.shapes import Shape, UtcTime


class CallAnswer(Shape):
    """The answer to one call as text, with its SHA-256 (hex) worked out anew beside the one recorded when it came.

    Without a body nothing was kept: `text` and `digest` are null.
    """

    call_id: UUID
    run_id: UUID
    tool: str
    operation: str
    status: int
    started_at: UtcTime
    recorded_digest: str | None
    digest: str | None
    unchanged: bool | None = Field(
        description="Whether both digests are the same; null where one is missing."
    )
    bytes: int
    text: str | None = Field(description="What is no UTF-8 is shown as escapes, JSON broken into lines.")
    cut: bool = Field(description="Whether the end of the text is left out.")
