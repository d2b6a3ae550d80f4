"""Who signed a document: persons without their titles, and no offices."""

from types import SimpleNamespace

import pytest

from app.procurement.rules.support.file_documents import persons_of


@pytest.mark.parametrize(
    ("signatories", "persons"),
    [
        (["contracting officer", "contractor"], []),
        (["Contractor's Representative", "CFO", ""], []),
        (["Dorian Quillfeather, President"], ["Dorian Quillfeather"]),
        (["Quillfeather, Dorian"], ["Quillfeather, Dorian"]),
        (["Quillfeather, Dorian, Vice President"], ["Quillfeather, Dorian"]),
        (["Dorian Quillfeather – Chief Operating Officer"], ["Dorian Quillfeather"]),
        (["Dorian Quillfeather, Senior"], ["Dorian Quillfeather, Senior"]),
        (["Dorian Quillfeather, Senior Contract Specialist"], ["Dorian Quillfeather"]),
        (["Dorian Quillfeather", "Dorian Quillfeather, Owner"], ["Dorian Quillfeather"]),
    ],
)
def test_persons_are_named_without_titles(signatories, persons):
    assert persons_of(SimpleNamespace(signatories=tuple(signatories))) == persons
