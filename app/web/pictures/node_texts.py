"""The lines of text in one box of the lineage, cut to its width."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from app.web.flag_page.node import Node
from app.web.flag_page.vault_lines import VaultLine

#: Approximate widths of letters in units: narrow ones, others, capitals; bold ones are wider.
_NARROW, _USUAL, _CAPITAL, _BOLD = 3.8, 7.2, 8.4, 1.06
_THIN = frozenset("fijlrt.,:;|'/()[] -…·’")
#: The most lines of a name, by kind of node, and the characters shown of a request's id.
_NAME_LINES, _SHORT = {"value": 4, "call": 3}, 6
#: Where a long name may be broken.
_BREAK = re.compile(r"(?<=[/_])|\s+")


def texts(node: Node, width: int) -> list[tuple[str, str]]:
    """Each line with its tone: name, plain, logged, open (not established) or seen."""
    found = [(each, "name") for each in _wrapped(node.name, width, _NAME_LINES.get(node.kind, 2))]
    if node.missing:
        found.append(("? not established", "open"))
    found += [
        (short if isinstance(short, str) else f"{short[0]} {_clock(short[1])}", "plain")
        for short in node.short
    ]
    for line in node.vault:
        found += _of_vault(line)
    return [(_cut(text, width, tone), tone) for text, tone in found]


def _of_vault(line: VaultLine) -> Iterator[tuple[str, str]]:
    what = line.what.split(",")[0]
    if line.note:
        yield f"– {what}: {line.note.split(';')[0].split(',')[0]}", "seen"
    elif line.problem:
        yield f"? {what} not established", "open"
        yield line.problem, "open"
    else:
        yield f"✓ vault’s log: {what}", "logged"
        yield f"id {(line.request_id or '')[:_SHORT]}…, {_clock(line.at)}", "logged"


def _clock(time: datetime | None) -> str:
    return (
        "at no known time"
        if time is None
        else f"{time.astimezone(UTC):%H:%M:%S}.{time.microsecond // 1000:03}"
    )


def _wide(text: str, tone: str) -> float:
    """About how wide a text is, in units of the drawing."""
    width = sum(_NARROW if c in _THIN else _CAPITAL if c.isupper() else _USUAL for c in text)
    return width * _BOLD if tone in {"name", "open"} else width


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """At most so many lines; the last one tells if there would be more."""
    lines = [""]
    for word in filter(None, _BREAK.split(text)):
        blank = " " if lines[-1] and not lines[-1].endswith(("/", "_")) else ""
        longer = f"{lines[-1]}{blank}{word}"
        if lines[-1] and _wide(longer, "name") > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def _cut(text: str, width: int, tone: str) -> str:
    if _wide(text, tone) <= width:
        return text
    while text and _wide(f"{text}…", tone) > width:
        text = text[:-1]
    return f"{text}…"
