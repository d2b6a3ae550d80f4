"""S01: what was not asked, is too old, or was looked up on the wrong day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.procurement.case_file import CaseFile, Gap, Question
from app.procurement.rules import CHECKS, evaluate
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, UnreadValue

NOON = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def aged(stated):
    """What S01 finds where all facts were pulled at one moment and looked at in another."""

    def find(action, *facts, pulled=NOON, looked=NOON):
        evidence = tuple(replace(item, pulled_at=pulled) for item in stated(*facts))
        found = evaluate(CaseFile(action=action, evidence=evidence, as_of=looked))
        return [each for each in found if each.rule == "S01"]

    return find


@pytest.fixture(scope="session")
def checked(document):
    def build(day, *, doc_type="SAMCHK", uei=None, number="DOC-SAMCHK", modification=None):
        filed = document(doc_type, amount=None, document_id=number, modification=modification)
        return replace(filed, checked=day, vendor_uei=uei)

    return build


def test_fresh_answers_are_no_finding(aged, award, registration, report):
    assert aged(award, registration(), report(), pulled=NOON - timedelta(hours=1)) == []


def test_an_old_answer_is_found_with_both_moments(aged, award, registration):
    (found,) = aged(award, registration(), pulled=NOON - timedelta(hours=25))
    assert (found.severity, found.subject) == ("blocking", "sam-gov:age")
    assert "2026-09-13 15:00 UTC" in found.because
    assert "2026-09-14 16:00 UTC" in found.because
    assert "24 hours" in found.because


@pytest.mark.parametrize(("hours", "old"), [(24, False), (25, True)])
def test_each_source_has_its_own_limit(aged, award, line, report, hours, old):  # noqa: PLR0917  # fixtures
    found = aged(award, line(), report(), pulled=NOON - timedelta(hours=hours))
    assert [each.subject for each in found] == (["ledger:age"] if old else [])


def test_a_source_is_named_once_with_its_oldest_answer(stated, award, registration):
    one, other = stated(registration("ZZ9TESTVNDR1"), registration("ZZ9TESTVNDR2"))
    evidence = (
        replace(one, pulled_at=NOON - timedelta(hours=30)),
        replace(other, pulled_at=NOON - timedelta(hours=40)),
    )
    found = evaluate(CaseFile(action=award, evidence=evidence, as_of=NOON))
    (age,) = [each for each in found if each.subject == "sam-gov:age"]
    assert age.values[0].evidence_id == other.evidence_id


def test_the_age_of_evidence_is_unknown_without_the_time_of_the_run(findings, award, clean):
    assert findings(award, *clean, rule="S01") == []


@pytest.mark.parametrize(
    ("pulled", "looked", "stale"),
    [
        ("2026-09-14T23:30Z", "2026-09-15T01:30Z", False),
        ("2026-09-15T03:30Z", "2026-09-15T04:30Z", True),
        ("2026-12-15T04:30Z", "2026-12-15T05:30Z", True),
        ("2026-12-15T03:30Z", "2026-12-15T04:30Z", False),
    ],
)
def test_registration_is_asked_on_the_eastern_day(aged, award, registration, pulled, looked, stale):  # noqa: PLR0917  # fixtures
    moments = {"pulled": datetime.fromisoformat(pulled), "looked": datetime.fromisoformat(looked)}
    found = aged(award, registration(), **moments)
    assert bool(found) is stale
    assert all("Eastern day" in each.because for each in found)


def test_an_answer_kept_from_earlier_counts_from_then(aged, award, registration):
    """The moment the source gave it is what `pulled_at` says, not the moment it was served again."""
    assert aged(award, registration(), pulled=NOON - timedelta(days=3))


def test_an_empty_answer_is_an_answer(aged, award):
    assert aged(award) == []


def test_a_check_before_the_day_of_the_action_is_found(findings, award, checked):
    (found,) = findings(award, checked(date(2026, 9, 13)), rule="S01")
    assert (found.severity, found.subject) == ("blocking", f"{award.piid}:ZZ9TESTVNDR1")
    assert "of 2026-09-13; the action takes effect on 2026-09-14" in found.because
    assert findings(award, checked(date(2026, 9, 14)), rule="S01") == []


def test_a_check_after_the_signature_is_found(findings, award, checked, document):
    signed = document(signed=date(2026, 9, 14))
    (found,) = findings(award, checked(date(2026, 9, 15)), signed, rule="S01")
    assert "after the day of signature, 2026-09-14" in found.because
    (found,) = findings(award, checked(date(2026, 9, 13)), signed, rule="S01")
    assert "before the day of signature, 2026-09-14" in found.because


def test_a_check_on_the_day_of_signature_is_not_too_early(findings, award, checked, document):
    assert findings(award, checked(date(2026, 9, 12)), document(signed=date(2026, 9, 12)), rule="S01") == []


def test_a_modification_is_advisory(findings, modification, checked):
    (found,) = findings(modification, checked(date(2026, 9, 1), modification="P00001"), rule="S01")
    assert found.severity == "advisory"


def test_of_several_checks_one_of_the_right_day_is_enough(findings, award, checked):
    early = checked(date(2026, 9, 1), doc_type="RESP", number="DOC-RESP", uei="ZZ9TESTVNDR1")
    assert findings(award, early, checked(date(2026, 9, 14)), rule="S01") == []


def test_each_vendor_needs_a_check_of_its_own(findings, award, checked):
    other = checked(date(2026, 9, 1), uei="ZZ9TESTVNDR2", number="DOC-2")
    (found,) = findings(award, checked(date(2026, 9, 14)), other, rule="S01")
    assert found.subject == f"{award.piid}:ZZ9TESTVNDR2"


def test_a_check_dated_in_the_future_is_found(aged, award, checked):
    action = replace(award, effective_date=date(2026, 9, 20))
    (found,) = aged(action, checked(date(2026, 9, 14)))
    assert found.severity == "advisory"
    (found,) = aged(replace(award, effective_date=date(2026, 9, 14)), checked(date(2026, 9, 13)))
    assert found.severity == "blocking"


def test_after_signature_the_runs_own_query_is_no_check_before_it(aged, award, option, checked, document):
    later = {"pulled": NOON + timedelta(days=30), "looked": NOON + timedelta(days=30)}
    signed = document(signed=date(2026, 9, 14))
    (found,) = aged(award, signed, **later)
    assert (found.severity, found.subject) == ("blocking", f"{award.piid}:ZZ9TESTVNDR1")
    assert "signed on 2026-09-14, and SAM.gov was looked at on 2026-10-14" in found.because
    assert aged(award, signed) == []
    assert aged(award, **later) == []
    assert aged(award, signed, checked(None), **later) == []
    assert aged(award, signed, checked(date(2026, 9, 14)), **later) == []
    memo = replace(document("RESP", document_id="DOC-RESP"), covers=("SAMCHK",))
    assert aged(award, signed, memo, **later) == []
    assert aged(award, signed, checked(None, uei="ZZ9TESTVNDR2"), **later)
    exercised = document("SF-30", modification=option.modification, signed=date(2026, 9, 14))
    assert aged(option, exercised, **later)


def test_a_modification_needs_no_check_before_signature(aged, modification, document):
    signed = document("SF-30", modification=modification.modification, signed=date(2026, 9, 14))
    assert aged(modification, signed, looked=NOON + timedelta(days=1), pulled=NOON + timedelta(days=1)) == []


def test_an_action_of_the_past_is_judged_as_of_its_own_day(award):
    case = CaseFile(action=award, as_of=NOON + timedelta(days=200))
    assert case.day == award.effective_date
    assert replace(case, as_of=NOON - timedelta(days=3)).day == date(2026, 9, 11)


def test_a_check_without_its_day_is_not_judged(findings, award, checked):
    assert findings(award, checked(None), rule="S01") == []


def test_a_check_needs_every_source_it_cannot_do_without(findings, award):
    """One that misses another source as well is not made at all, so it is not made in part."""
    found = findings(award, silent=[Source.DOCUMENTS, Source.LEDGER], rule="S01")
    by_source = {each.subject: each.values[2].value for each in found}
    assert "F05" not in by_source["documents"]
    assert "F05" in findings(award, silent=[Source.DOCUMENTS], rule="S01")[0].values[2].value


def test_a_system_that_was_not_needed_is_not_missed(stated, award, clean):
    """Its checks do not apply: they find nothing, and nothing is missing."""
    case = CaseFile(action=award, evidence=stated(*clean), unasked=frozenset({Source.LEDGER}))
    found = evaluate(case)
    assert [each for each in found if each.rule == "S01"] == []
    needs = {rule.id for rule in CHECKS if Source.LEDGER in rule.sources}
    assert needs.isdisjoint(each.rule for each in found)


@pytest.fixture
def excluded():
    return Exclusion(
        uei="ZZ9TESTVNDR2",
        name="EXAMPLE PAINT",
        exclusion_type="Ineligible (Proceedings Completed)",
        program="Reciprocal",
        agency="DEPT OF THE AIR FORCE",
        activated=date(2026, 3, 13),
        terminated=None,
    )


def test_what_an_identifier_found_stands_beside_a_search_by_name_that_was_cut_short(stated, award, excluded):
    question = Question("records by name: EXAMPLE PAINT")
    gap = Gap(source=Source.DEBARMENT, reason="partial answer: 100 of 167 rows", question=question)
    found = evaluate(CaseFile(action=award, evidence=stated(excluded), gaps=(gap,)))
    assert "ZZ9TESTVNDR2" in {each.subject for each in found if each.rule == "E01"}
    (silent,) = [each for each in found if each.rule == "S01"]
    assert (silent.subject, silent.severity) == ("debarment", "blocking")
    assert "records by name: EXAMPLE PAINT (partial answer: 100 of 167 rows)" in silent.because
    assert "made only in part: 5 checks" in silent.because
    assert "E02" in silent.values[-1].value


def test_several_open_questions_of_a_source_are_one_finding(award):
    gaps = [
        Gap(
            source=Source.DEBARMENT, reason="answered HTTP 400", question=Question(f"records by name: {name}")
        )
        for name in ("ONE", "TWO")
    ]
    (found,) = [each for each in evaluate(CaseFile(action=award, gaps=tuple(gaps))) if each.rule == "S01"]
    assert [each.value for each in found.values[:2]] == [
        "records by name: ONE (answered HTTP 400)",
        "records by name: TWO (answered HTTP 400)",
    ]


def test_silence_of_a_list_that_was_not_searched_for_a_vendor_does_not_disagree(stated, award, registration):
    flagged = replace(registration(), exclusion_flag="Y")
    question = Question("records by UEI", frozenset({"ZZ9TESTVNDR1"}))
    gap = Gap(source=Source.DEBARMENT, reason="partial answer: 1 of 11 rows", question=question)

    def disagreements(*gaps):
        found = evaluate(CaseFile(action=award, evidence=stated(flagged), gaps=gaps))
        return [each.subject for each in found if each.rule == "E03"]

    assert disagreements() == ["ZZ9TESTVNDR1"]
    assert disagreements(gap) == []


def test_values_that_could_not_be_read_are_one_finding_for_each_vendor(findings, award, clean):
    unread = [
        UnreadValue(uei=uei, record=uei or "a row", field=field, value="Perhaps")
        for uei, field in (
            ("ZZ9TESTVNDR1", "debt"),
            ("ZZ9TESTVNDR1", "flag"),
            ("ZZ9TESTVNDR2", "debt"),
            (None, "debt"),
        )
    ]
    found = {each.subject: each for each in findings(award, *clean, *unread, rule="S01")}
    assert found.keys() == {"ZZ9TESTVNDR1", "ZZ9TESTVNDR2", "sam-gov"}
    assert "debt is Perhaps" in found["ZZ9TESTVNDR1"].because
    assert "flag is Perhaps" in found["ZZ9TESTVNDR1"].because


def test_of_many_values_that_could_not_be_read_ten_are_shown(findings, award):
    unread = [
        UnreadValue(uei="ZZ9TESTVNDR1", record="ROW", field=f"field{n:02}", value="?") for n in range(25)
    ]
    (found,) = findings(award, *unread, rule="S01")
    assert len(found.values) == 10
    assert "15 more values" in found.because


def test_a_gap_beside_a_system_that_was_not_needed_is_still_a_finding(award):
    gap = Gap(source=Source.SAM_GOV, reason="HTTP 429")
    found = evaluate(CaseFile(action=award, gaps=(gap,), unasked=frozenset({Source.LEDGER})))
    assert "sam-gov" in {each.subject for each in found if each.rule == "S01"}
