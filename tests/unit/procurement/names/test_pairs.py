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
    ("threshold", "precision", "recall"), [(POSSIBLE, 0.863, 0.940), (STRONG, 1.0, 0.891)]
)
def test_precision_and_recall_are_kept(threshold, precision, recall):
    found = MEASURE["result"](PAIRS, threshold)
    assert found.precision >= precision
    assert found.recall >= recall


def test_the_page_is_current():
    """Write it anew with `python tests/unit/procurement/names/measure.py`."""
    assert MEASURE["PAGE"].read_text(encoding="utf-8") == MEASURE["page"]()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.a)
def test_likeness_has_no_direction(pair):
    assert similarity(pair.a, pair.b) == similarity(pair.b, pair.a)
