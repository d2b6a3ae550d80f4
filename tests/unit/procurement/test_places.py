"""Addresses: one place, written in words or codes, and places that only look alike."""

from dataclasses import replace

import pytest

from app.procurement.facts import Address
from app.procurement.places import corroborates, is_abroad, same_place

NORFOLK = Address(line1="1 EXAMPLE WAY", city="NORFOLK", state="VA", zip_code="23510-0001", country="USA")
FRANKFURT = Address(line1="Rembrandtstr. 17", city="Frankfurt am Main", zip_code="60596", country="DEU")


@pytest.mark.parametrize(
    "changes",
    [
        {"line1": "One Example Way"},
        {"line1": "1 Example Wy., Suite 200"},
        {"line1": "1 EXAMPLE WAY #200"},
        {"line1": "1 Example Way, 3rd Floor"},
        {"state": "Virginia"},
        {"state": "US-VA", "country": "United States of America"},
        {"state": "VIRGINIA", "country": None},
        {"country": "US"},
        {"country": "N/A"},
        {"city": "Norfolk, VA", "state": None},
    ],
)
def test_an_american_address_in_words_and_codes(changes):
    other = replace(NORFOLK, **changes)
    assert same_place(NORFOLK, other)
    assert same_place(other, NORFOLK)
    assert not is_abroad(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("21 Main Street", "Twenty-One Main St"),
        ("125 W 5th Ave", "One Hundred Twenty-Five West Fifth Avenue"),
        ("1200 1st Street NE", "Twelve Hundred First St. Northeast"),
        ("P.O. Box 12", "Post Office Box Twelve"),
        ("2026 Harbor Rd", "Two Thousand Twenty-Six Harbor Road"),
    ],
)
def test_numbers_of_houses_and_streets_in_words(one, other):
    assert same_place(replace(NORFOLK, line1=one), replace(NORFOLK, line1=other))


@pytest.mark.parametrize(
    "changes",
    [
        {"country": "GERMANY"},
        {"country": "Deutschland"},
        {"country": "Federal Republic of Germany"},
        {"country": "Allemagne"},
        {"country": "DE", "state": "DE-HE"},
        {"line1": "Rembrandtstraße 17"},
        {"line1": "17 Rembrandt Strasse"},
        {"zip_code": "D-60596"},
    ],
)
def test_a_german_address_in_words_and_codes(changes):
    other = replace(FRANKFURT, **changes)
    assert same_place(replace(FRANKFURT, state="Hessen"), other)
    assert same_place(other, replace(FRANKFURT, state="Hessen"))
    assert is_abroad(other)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("KOR", "South Korea"),
        ("KOR", "Republic of Korea"),
        ("GBR", "United Kingdom"),
        ("GBR", "England"),
        ("TUR", "Turkey"),
        ("CIV", "Côte d'Ivoire"),
        ("CZE", "Czech Republic"),
        ("VNM", "Vietnam"),
        ("NLD", "The Netherlands"),
        ("ARE", "U.A.E."),
        ("XKS", "Kosovo"),
        ("JPN", "JP"),
        ("COD", "Democratic Republic of the Congo"),
    ],
)
def test_countries_in_words(code, words):
    assert same_place(Address(line1="1 X", country=code), Address(line1="1 X", country=words))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"country": "PRI"}, {"country": "USA", "state": "PR"}),
        ({"country": "PRI"}, {"country": "United States", "state": "Puerto Rico"}),
        ({"country": "Guam"}, {"country": "USA", "state": "GU"}),
        ({"country": "CAN", "state": "ON"}, {"country": "Canada", "state": "Ontario"}),
        ({"country": "CAN", "state": "QC"}, {"state": "Quebec"}),
        ({"country": "AUS", "state": "NSW"}, {"country": "Australia", "state": "New South Wales"}),
        ({"zip_code": "02101-1234"}, {"zip_code": "2101"}),
        ({"zip_code": "02101"}, {"zip_code": "2101-1234"}),
        ({"country": "JPN", "zip_code": "123-4567"}, {"country": "JPN", "zip_code": "1234567"}),
        ({"country": "DEU", "city": "Muenchen"}, {"country": "DEU", "city": "München"}),
        (
            {"city": "Washington, D.C.", "state": "DC"},
            {"city": "Washington", "state": "District of Columbia"},
        ),
    ],
)
def test_states_and_outlying_areas(one, other):
    assert same_place(Address(**one), Address(**other))
    assert same_place(Address(**other), Address(**one))


@pytest.mark.parametrize(
    "changes",
    [
        {"line1": "Two Example Way"},
        {"line1": "11 Example Way"},
        {"line1": "1 Example Street"},
        {"state": "West Virginia"},
        {"state": "WA"},
        {"country": "CAN"},
        {"country": "Georgia"},
        {"city": "SUFFOLK"},
        {"zip_code": "23511"},
    ],
)
def test_another_place_stays_another(changes):
    other = replace(NORFOLK, **changes)
    assert not same_place(NORFOLK, other)
    assert not same_place(other, NORFOLK)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"country": "DEU"}, {"country": "Germany"}, True),
        ({"country": "DEU"}, {"country": "Austria"}, False),
        ({"country": "USA", "state": "GA"}, {"country": "United States", "state": "Georgia"}, True),
        ({"country": "USA", "state": "GA"}, {"country": "Georgia"}, False),
        ({"country": "USA"}, {"country": "US"}, None),
        ({"country": "PRI"}, {"country": "USA", "state": "PR"}, True),
        ({"state": "VA"}, {"state": "Virginia"}, True),
        ({}, {"state": "Virginia"}, None),
    ],
)
def test_an_area_corroborates_in_words_and_codes(one, other, expected):
    assert corroborates(Address(**one), Address(**other)) is expected
    assert corroborates(Address(**other), Address(**one)) is expected


@pytest.mark.parametrize(
    "country", ["USA", "United States", "PRI", "Puerto Rico", "GUM", "VIR", None, "N/A", ""]
)
def test_outlying_areas_are_not_abroad(country):
    assert not is_abroad(Address(country=country))
