"""The names of the document types in a contract file, which systems know by codes."""

import re
from collections.abc import Mapping

#: Forms are left alone where a sentence lists them as kinds of an instrument, in brackets.
DOCUMENTS: Mapping[str, str] = {
    "AVFUNDS": "certification of funds",
    "BOND": "bond",
    "COI": "certificate of insurance",
    "COMPELLING": "determination of a compelling reason",
    "COR": "designation of the contracting officer’s representative",
    "JA": "justification for other than full and open competition",
    "NOV": "novation or change-of-name agreement",
    "OF-347": "order for supplies or services",
    "OPT_DF": "determination and findings for the option",
    "PNM": "price negotiation memorandum",
    "REREP": "rerepresentation of size",
    "RESP": "determination of responsibility",
    "SAMCHK": "record of the SAM.gov check",
    "SF-1449": "commercial contract",
    "SF-26": "award",
    "SF-30": "modification",
    "SF-33": "solicitation, offer and award",
}
_CODE = re.compile(
    rf"(?<![\w(/-])(?<!\()(?<!, )(?<!or )(?:{'|'.join(map(re.escape, DOCUMENTS))})(?![\w/)-])(?!, [A-Z]+-\d)"
)


def with_document_names(text: str) -> str:
    """The text with the name of each document beside its code: "the file holds no bond (BOND)"."""
    if not any(code in text for code in DOCUMENTS):
        return text  # nearly every text, and much faster to find out
    return _CODE.sub(lambda code: f"{DOCUMENTS[code[0]]} ({code[0]})", text)
