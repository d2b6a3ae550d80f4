"""Names as they are compared: normalised, split, scored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.procurement.names import (
    POSSIBLE,
    STRONG,
    legal_form,
    names_on_one_line,
    normalised,
    same_but_for_article,
    same_but_for_form,
    same_name,
    same_tokens,
    similarity,
)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("  Kestrel,  Harbor-Marine. ", "KESTREL HARBOR MARINE"),
        ("Brindlewood & Sons", "BRINDLEWOOD AND SONS"),
        ("Brindlewood+Sons", "BRINDLEWOOD AND SONS"),
        ("O'Halvorsen’s", "OHALVORSENS"),
        ("T.R.V. Inc.", "TRV INC"),
        ("T. R. V. Inc.", "TRV INC"),
        ("M/V Plover", "MV PLOVER"),
        ("Señorita Łódź Straße Øre", "SENORITA LODZ STRASSE ORE"),
        ("Plan 9 B", "PLAN 9 B"),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_name_is_normalised(name, written):
    assert normalised(name) == written


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_more(name):
    assert normalised(normalised(name)) == normalised(name)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Kestrel, Inc.", "INC"),
        ("Kestrel Incorporated", "INC"),
        ("Kestrel L.L.C.", "LLC"),
        ("Kestrel Limited Liability Company", "LLC"),
        ("Kestrel Co., Ltd.", "CO LTD"),
        ("Kestrel GmbH & Co. KG", "GMBH CO KG"),
        ("Kestrel S.A. de C.V.", "SA DE CV"),
        ("Kestrel", None),
        ("Inc", None),
        ("Company Limited Kestrel", None),
        ("The Kestrel Company", "CO"),
        ("Kestrel Co., The", "CO"),
        ("Limited Liability Company Kestrel", "LLC"),
        ("OOO Kestrel", "OOO"),
        ("JSC Kestrel Rail Corporation", "CORP JSC"),
        ("Société Anonyme Kestrel Marine", "SA"),
        ("Kestrel Gesellschaft mit beschränkter Haftung", "GMBH"),
        ("Kestrel Aktiengeselschaft", "AG"),
        ("Kestrel Osakeyhtiö", "OY"),
        ("SA Recycling LLC", "LLC"),
        ("Kestrel Air Fab", None),
    ],
)
def test_the_legal_form_is_set_apart(name, form):
    assert legal_form(name) == form


def test_a_form_spelled_out_is_the_same_form():
    assert same_name("Kestrel Harbor, Inc.", "KESTREL HARBOR INCORPORATED")
    assert not same_but_for_form("Kestrel Harbor, Inc.", "KESTREL HARBOR INCORPORATED")


@pytest.mark.parametrize("other", ["Kestrel Harbor", "Kestrel Harbor LLC", "Kestrel Harbor Corp"])
def test_another_or_no_form_is_never_the_same_name(other):
    assert same_but_for_form("Kestrel Harbor Inc", other)
    assert not same_name("Kestrel Harbor Inc", other)
    assert not same_tokens("Kestrel Harbor Inc", other)
    assert similarity("Kestrel Harbor Inc", other) < 1


def test_a_differing_form_costs_more_than_a_missing_one():
    inc, none, llc = "Kestrel Harbor Inc", "Kestrel Harbor", "Kestrel Harbor LLC"
    assert 1 > similarity(inc, none) >= STRONG > similarity(inc, llc)


def test_the_order_of_words_does_not_matter():
    assert same_tokens("Harbor Kestrel Inc", "Kestrel Harbor Inc")
    assert not same_tokens("Harbor Kestrel", "Kestrel Harbor Marine")


@pytest.mark.parametrize(
    ("a", "b"),
    [("TRV", "TRW"), ("TRV", "TRV Logistics"), ("NRT", "Northern Rail Transport"), ("Abel", "Able")],
)
def test_acronyms_and_short_names_match_themselves_only(a, b):
    assert similarity(a, a) == 1
    assert similarity(a, b) == 0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The Kestrel Company", "Kestrel Co"),
        ("The Kestrel Company", "KESTREL COMPANY, THE"),
        ("A&Q Corp", "AQ Corporation"),
        ("Kestrel Int'l Svcs", "Kestrel International Services"),
        ("Department of the Harbors", "DEPT OF HARBORS"),
        ("First Kestrel Bank", "1st Kestrel Bank"),
        ("Kestrel Forty-Four LLC", "KESTREL 44 LLC"),
        ("Twenty-First Kestrel", "21ST KESTREL"),
        ("L-7 Kestrel Systems", "L7 Kestrel Systems"),
        ("Kestrel Marine d/b/a Plover Boats", "Plover Boats"),
        ("Kestrel Marine, formerly known as Plover Marine", "PLOVER MARINE"),
        ("Kestrel Marine Towing (KMT)", "Kestrel Marine Towing"),
        ("Harbor-Side Kestrel Towing", "Harborside Kestrel Towing Inc"),
        ("HARCASTLE JR, WENDELL", "Wendell Harcastle Jr."),
        ("HARCASTLE, WENDELL III", "Wendell Harcastle 3rd"),
    ],
)
def test_another_way_to_write_a_name_is_a_strong_match(a, b):
    assert similarity(a, b) >= STRONG


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("William Harcastle", "Bill Harcastle"),
        ("Wm. Harcastle", "William Harcastle"),
        ("J. T. Harcastle", "James Thomas Harcastle"),
        ("Kestrel Environmental Inc", "Kestrel Enviromental Inc"),
        ("Kestrel Harbor Pharmaceut", "Kestrel Harbor Pharmaceuticals"),
    ],
)
def test_a_guess_is_a_possible_match_and_no_strong_one(a, b):
    assert POSSIBLE <= similarity(a, b) < STRONG


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Wendell Harcastle Jr", "Wendell Harcastle Sr"),
        ("Wendell Harcastle III", "Wendell Harcastle II"),
        ("Wendell T Harcastle", "Wendell R Harcastle"),
        ("Wendell T Harcastle", "Wendell Robin Harcastle"),
        ("Kestrel Harbor Services Inc", "Kestrel Harbor Alliance Inc"),
        ("Kestrel Tech", "Kestrel Tech EC"),
        ("Kestrel Forty-Four LLC", "Kestrel 45 LLC"),
        ("First Kestrel Bank", "Second Kestrel Bank"),
        ("One Kestrel Bank", "First Kestrel Bank"),
        ("A-1 Kestrel Towing", "B-1 Kestrel Towing"),
        ("The Kestrel Company", "The Plover Company"),
    ],
)
def test_names_that_share_most_words_can_be_of_two_firms_or_persons(a, b):
    assert similarity(a, b) < POSSIBLE


def test_a_line_can_hold_several_names():
    assert names_on_one_line("Kestrel Inc (d/b/a Plover Boats)") == ("Kestrel Inc", "Plover Boats")
    assert names_on_one_line("KESTREL INC DOING BUSINESS AS PLOVER") == ("KESTREL INC", "PLOVER")
    assert names_on_one_line("Adobar Kestrel") == ("Adobar Kestrel",)


def test_the_is_a_difference_that_is_named():
    assert same_but_for_article("The Kestrel Company", "Kestrel Co.")
    assert not same_but_for_article("The Kestrel Company", "Kestrel Company, The")
    assert same_tokens("The Kestrel Company", "Kestrel Company, The")
    assert not same_name("The Kestrel Company", "Kestrel Company, The")


def test_nothing_is_like_no_name():
    assert similarity("", "") == 0
    assert similarity("...", "Kestrel") == 0


def test_a_very_long_name_is_compared_by_its_beginning():
    assert similarity("KESTREL " * 200_000, "KESTREL " * 200_000) == 1


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_score_is_a_share_without_direction(a, b):
    assert 0 <= similarity(a, b) == similarity(b, a) <= 1


@given(st.lists(st.sampled_from(["Kestrel", "Harbor", "Plover", "Inc", "7"]), min_size=1, max_size=5))
def test_case_and_punctuation_change_nothing(words):
    one, other = " ".join(words), ", ".join(words).upper() + "."
    assert similarity(one, other) in {0.0, 1.0}
    assert similarity(one, "Kestrel Harbor LLC") == similarity(other, "Kestrel Harbor LLC")
