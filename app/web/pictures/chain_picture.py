"""The lineage of a flag's values as one picture: a column for each kind of node, a row for each value.

A node that several values share is drawn once, over all of their rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.web.flag_page.node import Node
from app.web.flag_page.value_chains import ValueChain, ValueChains
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
GAP, HEAD, LINE, PAD, BETWEEN = 20, 26, 16, 8, 10
WIDTH = sum(width for _, width in COLUMNS) + GAP * (len(COLUMNS) - 1)
#: The most rows in one picture; the table has all.
MOST = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One line of text in a box. `tone` is name, plain, logged, open or seen."""

    y: int
    text: str
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A node in the drawing; `broken` has a dashed edge. `strip` is where the vault's own lines begin, 0 without any."""

    node: Node
    x: int
    y: int
    width: int
    height: int
    texts: Sequence[Text]
    broken: bool
    strip: int


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
    tops, bottom = _rows(lines)
    lefts = _lefts()
    boxes = list(_boxes(lines, tops, bottom, lefts))
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


def _lefts() -> list[int]:
    found, left = [], 0
    for _, width in COLUMNS:
        found.append(left)
        left += width + GAP
    return found


def _spans(lines: Sequence[ValueChain], column: int) -> Iterator[tuple[Node, int, int]]:
    """The nodes of a column with their first row and the row after their last."""
    start = 0
    while start < len(lines):
        node = lines[start].nodes[column] if column < len(lines[start].nodes) else None
        end = start + 1
        while node is not None and end < len(lines) and node in lines[end].nodes:
            end += 1
        if node is not None:
            yield node, start, end
        start = end


def _rows(lines: Sequence[ValueChain]) -> tuple[list[int], int]:
    """The top of each row, and the bottom of the last: a row is as high as its nodes need."""
    heights = [0] * len(lines)
    for column in range(len(COLUMNS)):
        for node, start, end in _spans(lines, column):
            needed = _height(node, column)
            have = sum(heights[start:end]) + BETWEEN * (end - start - 1)
            heights[end - 1] += max(needed - have, 0)
    tops, top = [], HEAD
    for height in heights:
        tops.append(top)
        top += height + BETWEEN
    return tops, top


def _boxes(
    lines: Sequence[ValueChain], tops: Sequence[int], bottom: int, lefts: Sequence[int]
) -> Iterator[Box]:
    for column, (_, width) in enumerate(COLUMNS):
        for node, start, end in _spans(lines, column):
            top = tops[start]
            height = (tops[end] if end < len(tops) else bottom) - BETWEEN - top
            written = _texts(node, column)
            first = top + PAD + max((height - _height(node, column)) // 2, 0)
            own = len(written) - sum(tone not in {"name", "plain"} for _, tone in written)
            yield Box(
                node=node,
                x=lefts[column],
                y=top,
                width=width,
                height=height,
                texts=[
                    Text(y=first + LINE * at - 4, text=text, tone=tone)
                    for at, (text, tone) in enumerate(written, 1)
                ],
                broken=bool(node.missing),
                strip=first + LINE * own if own < len(written) else 0,
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


def _height(node: Node, column: int) -> int:
    return 2 * PAD + LINE * len(_texts(node, column))


def _texts(node: Node, column: int) -> list[tuple[str, str]]:
    return texts(node, COLUMNS[column][1] - 2 * PAD)
