"""Codes of documents have their names beside them."""

import pytest

from app.procurement.document_names import with_document_names


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The file holds no BOND; it is needed.", "The file holds no bond (BOND); it is needed."),
        ("RESP, final", "determination of responsibility (RESP), final"),
        ("amount in SF-30", "amount in modification (SF-30)"),
        (
            "instrument (SF-1449, SF-26, SF-33 or OF-347), final",
            "instrument (SF-1449, SF-26, SF-33 or OF-347), final",
        ),
        ("DOC-70ZZ0125C0004-P00002-SF-30-1", "DOC-70ZZ0125C0004-P00002-SF-30-1"),
        ("BONDED", "BONDED"),
    ],
)
def test_a_code_has_its_name(text, named):
    assert with_document_names(text) == named
    assert with_document_names(with_document_names(text)) == named
