"""The case that the rules see is built from the answers."""

from datetime import UTC, datetime

from workers.triage import case_file


def test_a_case_is_as_of_the_run_unless_its_own_day_is_asked_for(action):
    before = datetime.now(UTC)
    looked, _ = case_file(action, [])
    assert before <= looked.as_of <= datetime.now(UTC)
    own, _ = case_file(action, [], own_day=True)
    assert (own.as_of, own.day) == (None, action.effective_date)
