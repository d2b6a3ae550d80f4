"""The tables of countries and states: as the pinned package has them, and unambiguous."""

import pytest

from app.reference.geography import COUNTRIES, STATES
from infra.place_tables import FOLDER, TABLES


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_pinned_package_yields(name):
    """If this fails: `python -m infra.place_tables`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == TABLES[name]()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("GERMANY", "DEU"),
        ("DE", "DEU"),
        ("DEU", "DEU"),
        ("SPANIEN", "ESP"),
        ("GEORGIA", "GEO"),
        ("KOREA", "KOR"),
    ],
)
def test_a_country_has_names_and_codes(name, code):
    assert COUNTRIES[name] == code


def test_all_states_of_the_union_are_known():
    codes = {code for name, code in STATES.items() if name.startswith("USA ")}
    assert len(codes) >= 50 + len({"DC", "PR", "GU", "VI", "AS", "MP"})
