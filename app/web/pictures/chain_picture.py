"""The lineage of a flag's values as one picture: a column for each kind of node, a row for each value.

A node that several values share is drawn once, over all of their rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.web.flag_page.node import Node
from app.web.flag_page.value_chains import ValueChain, ValueChains
from app.web.pictures.node_box import PAD, Box, Text
from app.web.pictures.node_texts import texts

#: Units of the drawing: heads and left edges of the columns, their widths, and the gap that an arrow crosses.
COLUMNS = (
    ("Value", 172),
    ("Answer", 130),
    ("Call", 150),
    ("Credential", 178),
    ("Policy", 116),
    ("Identity", 178),
    ("Run", 146),
)
GAP, HEAD, LINE, BETWEEN = 20, 26, 16, 10
WIDTH = sum(width for _, width in COLUMNS) + GAP * (len(COLUMNS) - 1)
#: The most rows in one picture; the table has all.
MOST = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrow:
    """A link between two boxes, at `y` from `x` on; `broken` is not established."""

    x: int
    y: int
    broken: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What stands beside a value that has no further nodes."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LineagePicture:
    """The drawing. `left_out` is the number of rows not drawn."""

    heads: Sequence[tuple[int, str]]
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    notes: Sequence[Note]
    height: int
    width: int
    left_out: int


def picture(lineage: ValueChains) -> LineagePicture:
    """The picture of a lineage."""
    lines = lineage.lines[:MOST]
    spans = [span for column in range(len(COLUMNS)) for span in _spans(lines, column)]
    tops, bottom = _rows(len(lines), spans)
    lefts = _lefts()
    boxes = [_box(span, [*tops, bottom], lefts[span.column]) for span in spans]
    return LineagePicture(
        heads=[
            (left, f"{number}. {name}")
            for number, (left, (name, _)) in enumerate(zip(lefts, COLUMNS, strict=True), 1)
        ],
        boxes=boxes,
        arrows=list(_arrows(lines, boxes)),
        notes=[
            Note(x=lefts[1], y=tops[at] + PAD + LINE, text=line.alone)
            for at, line in enumerate(lines)
            if line.alone
        ],
        height=bottom,
        width=WIDTH,
        left_out=len(lineage.lines) - len(lines),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Span:
    """A node of a column with its first row, the row after its last, and its lines of text with their tones."""

    node: Node
    column: int
    start: int
    end: int
    texts: Sequence[tuple[str, str]]

    @property
    def height(self) -> int:
        """The height that the texts need."""
        return 2 * PAD + LINE * len(self.texts)


def _lefts() -> list[int]:
    found, left = [], 0
    for _, width in COLUMNS:
        found.append(left)
        left += width + GAP
    return found


def _spans(lines: Sequence[ValueChain], column: int) -> Iterator[_Span]:
    start = 0
    while start < len(lines):
        node = lines[start].nodes[column] if column < len(lines[start].nodes) else None
        end = start + 1
        while node is not None and end < len(lines) and node in lines[end].nodes:
            end += 1
        if node is not None:
            written = texts(node, COLUMNS[column][1] - 2 * PAD)
            yield _Span(node=node, column=column, start=start, end=end, texts=written)
        start = end


def _rows(number: int, spans: Sequence[_Span]) -> tuple[list[int], int]:
    """The top of each row, and the bottom of the last: a row is as high as its nodes need."""
    heights = [0] * number
    for span in spans:
        have = sum(heights[span.start : span.end]) + BETWEEN * (span.end - span.start - 1)
        heights[span.end - 1] += max(span.height - have, 0)
    tops, top = [], HEAD
    for height in heights:
        tops.append(top)
        top += height + BETWEEN
    return tops, top


def _box(span: _Span, edges: Sequence[int], left: int) -> Box:
    """`edges` are the top of each row, and the bottom of the last."""
    top = edges[span.start]
    height = edges[span.end] - BETWEEN - top
    first = top + PAD + max((height - span.height) // 2, 0)
    own = sum(tone in {"name", "plain"} for _, tone in span.texts)
    return Box(
        node=span.node,
        x=left,
        y=top,
        width=COLUMNS[span.column][1],
        height=height,
        texts=[
            Text(y=first + LINE * at - 4, text=text, tone=tone)
            for at, (text, tone) in enumerate(span.texts, 1)
        ],
        broken=bool(span.node.missing),
        strip=first + LINE * own if own < len(span.texts) else 0,
    )


def _arrows(lines: Sequence[ValueChain], boxes: Sequence[Box]) -> Iterator[Arrow]:
    """One arrow between two neighbors, at the middle of what they share."""
    placed = {box.node: box for box in boxes}
    seen = set[tuple[str, str]]()
    for line in lines:
        for left, right in zip(line.nodes, line.nodes[1:], strict=False):
            if (left.id, right.id) in seen:
                continue
            seen.add((left.id, right.id))
            one, other = placed[left], placed[right]
            top, end = max(one.y, other.y), min(one.y + one.height, other.y + other.height)
            yield Arrow(x=one.x + one.width, y=(top + end) // 2, broken=bool(left.missing or right.missing))
