"""What the contract file says became of each check."""

from dataclasses import replace

from app.review.checks import CheckOutcome, checks


def test_the_contract_file_shows_the_check_as_not_performed(make_file):
    file = make_file()
    (flag,) = file.flags
    because = "Check R01 (Not registered) was not performed: it failed (KeyError)."
    failed = replace(
        flag, flag=flag.flag.model_copy(update={"rule": "S01", "subject": "R01", "because": because})
    )
    made = {check.rule: check for check in checks(replace(file, flags=[failed]), file.runs[0])}
    assert (made["R01"].outcome, made["R01"].reason) == (CheckOutcome.NOT_MADE, because)
    assert made["R04"].outcome is CheckOutcome.AGREES
    assert made["S01"].outcome is CheckOutcome.DIFFERS


def test_a_check_whose_system_answered_in_part_was_made_in_part(make_file):
    file = make_file()
    (run,) = file.runs
    (step,) = run.steps
    words = "answered in part: partial answer: 100 of 167 rows"
    partly = replace(run, steps=[step.model_copy(update={"outcome": words})])
    (flag,) = file.flags
    found = replace(flag, flag=flag.flag.model_copy(update={"rule": "R04"}))
    made = {check.rule: check for check in checks(replace(file, flags=[found]), partly)}
    assert made["R01"].outcome is CheckOutcome.IN_PART
    assert words in made["R01"].reason
    assert made["R04"].outcome is CheckOutcome.DIFFERS
    assert words in made["R04"].reason


def test_a_check_of_a_system_with_values_that_could_not_be_read_was_made_in_part(make_file):
    file = make_file()
    (flag,) = file.flags
    unread = flag.flag.model_copy(update={"rule": "S01", "subject": "ZZ98EXPORTS1", "systems": ["sam-gov"]})
    made = {
        check.rule: check for check in checks(replace(file, flags=[replace(flag, flag=unread)]), file.runs[0])
    }
    assert made["R01"].outcome is CheckOutcome.IN_PART
    assert "not everything could be read" in made["R01"].reason


def test_evidence_that_is_too_old_says_nothing_about_what_could_be_read(make_file):
    file = make_file()
    (flag,) = file.flags
    stale = flag.flag.model_copy(update={"rule": "S01", "subject": "sam-gov:age", "systems": ["sam-gov"]})
    made = {
        check.rule: check for check in checks(replace(file, flags=[replace(flag, flag=stale)]), file.runs[0])
    }
    assert made["R01"].outcome is CheckOutcome.AGREES
