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
