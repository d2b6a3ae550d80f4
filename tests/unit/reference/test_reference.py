"""The tables that others keep: as the pinned packages have them, and as the matcher needs them."""

import pytest

from app.reference import GIVEN_NAMES, LEGAL_FORMS
from infra.reference_tables import FOLDER, TABLES


@pytest.mark.parametrize("name", TABLES)
def test_an_extract_is_what_the_pinned_package_yields(name):
    """If this fails: `python -m infra.reference_tables`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == TABLES[name]()


@pytest.mark.parametrize(
    ("spelling", "form"),
    [
        ("GESELLSCHAFT MIT BESCHRANKTER HAFTUNG", "GMBH"),
        ("SOCIETE A RESPONSABILITE LIMITEE", "SARL"),
        ("SOCIEDAD ANONIMA", "SA"),
        ("AKTIEBOLAG", "AB"),
        ("OSAKEYHTIO", "OY"),
        ("AKSJESELSKAP", "AS"),
        ("BERHAD", "BHD"),
        ("SPOLKA Z OGRANICZONA ODPOWIEDZIALNOSCIA", "SP ZOO"),
        ("LIMITED LIABILITY COMPANY", "LLC"),
    ],
)
def test_a_form_spelled_out_has_its_usual_abbreviation(spelling, form):
    assert LEGAL_FORMS[tuple(spelling.split())] == form


@pytest.mark.parametrize("word", ["FAB", "SCI", "TRUST", "SE", "SC", "FOUNDATION", "TX", "EC"])
def test_words_and_states_are_no_forms(word):
    assert (word,) not in LEGAL_FORMS


def test_given_names_have_their_short_forms():
    assert "BILL" in GIVEN_NAMES["WILLIAM"]
    assert "JOHN" not in GIVEN_NAMES["JOHN"]
