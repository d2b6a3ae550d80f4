"""Name matching is measured: the reached precision and recall are kept."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

from app.procurement.names import POSSIBLE, STRONG, similarity

MEASURE = runpy.run_path(str(Path(__file__).with_name("measure.py")))
PAIRS = MEASURE["pairs"]()


def test_there_are_pairs_enough_of_each_kind_both_same_and_different():
    assert len(PAIRS) >= 150
    assert len({frozenset((pair.a, pair.b)) for pair in PAIRS}) == len(PAIRS)
    counts = Counter((pair.kind, pair.same) for pair in PAIRS)
    for kind in ("person", "vessel", "transliteration"):
        assert min(counts[kind, True], counts[kind, False]) >= 10
    assert set(counts) - {("firm", True), ("lookalike", False)} == {
        (kind, same) for kind in ("person", "vessel", "transliteration") for same in (True, False)
    }


@pytest.mark.parametrize(
    ("threshold", "precision", "recall"), [(POSSIBLE, 0.870, 0.990), (STRONG, 1.0, 0.940)]
)
def test_precision_and_recall_are_kept(threshold, precision, recall):
    found = MEASURE["result"](PAIRS, threshold)
    assert found.precision >= precision
    assert found.recall >= recall


@pytest.mark.parametrize(("kind", "precision", "recall"), [("firms", 0.85, 0.85), ("persons", 0.85, 0.75)])
@pytest.mark.parametrize("part", MEASURE["PARTS"])
def test_families_of_names_are_found_and_told_apart(kind, part, precision, recall):
    some = MEASURE["family_pairs"](kind, part)
    possible = MEASURE["result"](some, POSSIBLE)
    assert possible.precision >= precision
    assert possible.recall >= recall
    assert possible.end_to_end >= recall
    assert MEASURE["result"](some, STRONG).wrong == 0


@pytest.mark.parametrize("kind", MEASURE["FAMILIES"])
def test_no_family_is_in_two_parts(kind):
    parts = [{pair.family for pair in MEASURE["family_pairs"](kind, part)} for part in MEASURE["PARTS"]]
    assert sum(map(len, parts)) == len(set().union(*parts)) >= 20


def test_the_page_is_current():
    """Write it anew with `python tests/unit/procurement/names/measure.py`."""
    assert MEASURE["PAGE"].read_text(encoding="utf-8") == MEASURE["page"]()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.a)
def test_likeness_has_no_direction(pair):
    assert similarity(pair.a, pair.b) == similarity(pair.b, pair.a)
