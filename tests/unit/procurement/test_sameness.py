"""What two records of one party have in common."""

from app.procurement.sameness import agreements, marked_same

OURS = "EXAMPLE SUMMIT ROOFING LLC (ZZ03SUBSVND2)"
RECORD = "Example Summit Roofing Llc (ZZ03SUBSVND2, 9ZZ01): Ineligible, Reciprocal, EXAMPLE AGENCY, since 2026-07-16"


def same(parts):
    return [part.text for part in parts if part.same]


def test_identifiers_and_names_that_agree_are_named():
    assert list(agreements(OURS, RECORD)) == ["same UEI ZZ03SUBSVND2", "same name"]
    assert list(agreements(OURS, RECORD, known=["9ZZ01"]))[1] == "same CAGE 9ZZ01"
    assert list(agreements(OURS, RECORD, said="on record (CAGE 9ZZ01)"))[1] == "same CAGE 9ZZ01"
    assert list(agreements("OTHER FIRM INC (ZZ99OTHERXX9)", RECORD)) == []


def test_what_is_the_same_is_marked_in_the_head_of_a_record_only():
    assert same(marked_same(RECORD, [OURS])) == ["Example Summit Roofing Llc", "ZZ03SUBSVND2"]
    assert same(marked_same(OURS, [RECORD])) == ["EXAMPLE SUMMIT ROOFING LLC", "ZZ03SUBSVND2"]
    assert "".join(part.text for part in marked_same(RECORD, [OURS])) == RECORD
    assert same(marked_same("NONE IN COMMON", [RECORD])) == []
