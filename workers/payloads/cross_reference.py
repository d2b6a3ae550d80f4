"""Cross-references of exclusion records: the name alone, or with its address behind it."""

import re

#: An address after the name of a cross-reference: at least four parts, the first of which may be empty.
_ADDRESSED = re.compile(r"[^,]*(?:,[^,]*){3,}")
_BEFORE_ADDRESS = re.compile(r"(?<=\S)\s*-\s+|(?<=\S)-(?=\s*,)")
_STREET = re.compile(r"\d|P\.? ?O\.? |,", re.IGNORECASE)


def name_before_address(text: str) -> str:
    """The name of a cross-reference written as "NAME- street , CITY , ST ,ZIP,COUNTRY"; any other text unchanged.

    Of several hyphens the one before a house number, a post office box or an empty street counts, else the first.
    """
    cuts = [cut for cut in _BEFORE_ADDRESS.finditer(text) if _ADDRESSED.fullmatch(text, cut.end())]
    likely = [cut for cut in cuts if _STREET.match(text[cut.end() :].lstrip())]
    chosen = next(iter(likely or cuts), None)
    return text[: chosen.start()].strip() if chosen else text
