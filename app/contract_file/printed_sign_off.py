"""Whether the action was ready to sign at the export, in the printed contract file."""

from collections.abc import Iterator

from app.contract_file.blocks import Block, paragraph, strong, table
from app.review.sign_off import Point, SignOff


def checklist(sign_off: SignOff) -> Iterator[Block]:
    """The answer, and the points behind it."""
    answer = (
        "Yes, as far as these checks can show." if sign_off.ready else f"No: {'; '.join(sign_off.reasons)}."
    )
    yield paragraph(strong(answer))
    yield table(
        "Checklist at the export",
        (("Point", 9), ("State", 7)),
        ((point.text, _state(point)) for point in sign_off.checklist),
    )


def _state(point: Point) -> str:
    if point.done:
        return "Done"
    return f"Open: {point.open_because}{'' if point.required else ' (recommended, not required)'}"
