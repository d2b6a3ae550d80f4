"""Makes the bytes of an answer readable without changing their content."""

#: The most characters of an answer on a page.
SHOWN = 200_000
_DEEPEST = 20
_QUOTE, _ESCAPE = '"', "\\"


def readable(body: bytes) -> tuple[str, bool]:
    """The bytes as text, with line breaks added to JSON, and whether the text is cut off.

    Values are not parsed: numbers, order and repeated names stay as sent. Bytes that are not UTF-8 become escapes.
    """
    text = body[: SHOWN * 4].decode("utf-8", errors="backslashreplace")
    if text.lstrip()[:1] in {"{", "["}:
        text = _broken_into_lines(text[:SHOWN])
    return text[:SHOWN], len(text) > SHOWN or len(body) > SHOWN * 4


def _broken_into_lines(text: str) -> str:
    out: list[str] = []
    depth, quoted, escaped = 0, False, False
    for mark in text:
        if quoted:
            out.append(mark)
            quoted = escaped or mark != _QUOTE
            escaped = mark == _ESCAPE and not escaped
            continue
        if mark in "}]":
            depth = max(depth - 1, 0)
            out.append(_line(depth))
        if not mark.isspace():
            out.append(mark)
        if mark == _QUOTE:
            quoted = True
        elif mark in "{[":
            depth += 1
            out.append(_line(depth))
        elif mark == ",":
            out.append(_line(depth))
        elif mark == ":":
            out.append(" ")
    return "".join(out)


def _line(depth: int) -> str:
    return "\n" + "  " * min(depth, _DEEPEST)
