"""Scenarios that state the time of the triage and earlier decisions of officers."""

import json
from datetime import UTC, date, datetime

import pytest

from app.intake import parse_actions
from app.procurement.case_file import CaseFile
from app.procurement.systems import Source
from known_answers.evaluation.preparation import at_stated_time, prepared, without_stated_time
from known_answers.scenarios.loader import HAND_WRITTEN, load_cases


@pytest.fixture
def award_case():
    (case,) = load_cases(HAND_WRITTEN, names="01-*.json")
    (action,) = parse_actions(json.dumps(case.document["action"]))
    return CaseFile(action=action)


@pytest.fixture(scope="module")
def documents():
    return {case.slug: case.document for case in load_cases(HAND_WRITTEN, names="[ES]0*.json")}


def test_without_a_stated_time_the_action_is_judged_as_of_its_own_day(award_case, documents):
    looked = at_stated_time(award_case, documents["S01-check-of-the-day"])
    assert (looked.as_of, looked.decisions, looked.unasked) == (None, (), frozenset())


def test_an_evaluation_has_its_own_time_and_gaps(award_case, documents):
    assert at_stated_time(award_case, documents["S01-eastern-evening"]).as_of == datetime(
        2026, 9, 15, 1, 30, tzinfo=UTC
    )
    assert at_stated_time(award_case, documents["S01-not-needed"]).unasked == {Source.LEDGER}


def test_a_decision_keeps_the_record_as_it_was(award_case, documents):
    (decision,) = at_stated_time(award_case, documents["E02-record-changed-since"]).decisions
    assert decision.expires == date(2026, 12, 31)
    assert decision.record.comments is None


def test_a_running_stack_is_evaluated_as_of_now_only(tmp_path):
    for slug in ("S01-eastern-evening", "E02-found-not-to-match", "S01-check-of-the-day"):
        (tmp_path / f"{slug}.json").symlink_to(HAND_WRITTEN / f"{slug}.json")
    with prepared(tmp_path, generated=None, seed=1) as scenarios:
        assert [case.slug for case, _ in without_stated_time(scenarios).cases] == ["S01-check-of-the-day"]
