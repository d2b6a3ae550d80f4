"""One node of a lineage as it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.procurement.labels import without_unseen
from app.web.flag_page.node import Node

#: Units between the edge of a box and its texts.
PAD = 8
#: Colors of edges and of texts by their tone.
_EDGE, _BROKEN = "#162e51", "#8b0a03"
_FILLS = {"open": _BROKEN, "logged": "#19451f", "plain": "#3d4551", "seen": "#565c65"}


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

    @property
    def svg(self) -> Markup:
        """The box as it is drawn."""
        edge = _BROKEN if self.broken else _EDGE
        style = (
            ' stroke-dasharray="5 3"'
            if self.broken
            else ' stroke-width="2"'
            if self.node.kind == "value"
            else ""
        )
        frame = (
            f'<rect x="{self.x + 0.5}" y="{self.y + 0.5}" width="{self.width - 1}" height="{self.height - 1}" rx="3"'
            f' fill="#ffffff" stroke="{edge}"{style}/>'
        )
        parts, left = [frame], self.x + PAD
        if self.strip:
            parts.append(f'<path d="M{left} {self.strip}h{self.width - 2 * PAD}" stroke="#c6cace"/>')
        for each in self.texts:
            bold = ' font-weight="600"' if each.tone in {"name", "open"} else ""
            fill = _FILLS.get(each.tone, "#1b1b1b")
            parts.append(
                f'<text x="{left}" y="{each.y}" fill="{fill}"{bold}>{escape(without_unseen(each.text))}</text>'
            )
        return Markup("\n".join(parts))  # noqa: S704  # numbers and colors, and texts that are escaped
