"""The checks against known answers, through the real tools, a real ledger and the real rules."""

import json
import subprocess
import sys

import pytest

from known_answers.evaluation.comparison import Evaluation, Finding, KnownAnswer
from known_answers.evaluation.in_process import evaluate_in_process
from known_answers.evaluation.preparation import prepared
from known_answers.scenarios.loader import HAND_WRITTEN, load_cases


def command(*arguments):
    line = [sys.executable, "-m", "app.cli.main", "evaluate", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)


def test_the_hand_written_scenarios_are_found_as_a_careful_officer_would(tmp_path):
    with prepared(None, generated=None, seed=0) as scenarios:
        result = evaluate_in_process(scenarios, tmp_path)
    assert result.misses == []
    assert result.scenarios == len(load_cases(HAND_WRITTEN)) >= 60
    assert all(score.hits for score in result.scores.values())


def test_the_command_ends_with_one_on_a_miss_and_names_it(tmp_path, expired):
    wrong = {**expired, "expected": [], "forbidden": [{"rule": "R01", "subject": "Z000PRMEVND1"}]}
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    ended = command(tmp_path, "--json", tmp_path / "result")
    assert ended.returncode == 1
    assert "wrong: R01 Z990PRMEVND1 (blocking): found, but forbidden" in ended.stdout
    assert json.loads((tmp_path / "result").read_text())["rules"]["R01"]["wrong"] == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": 0}, "odd.json: number: 0 is not between 1 and 999"),
        ({"base": "nothing"}, "odd.json: base: 'nothing' is not one of"),
        (
            {"expected": [{"rule": "Z99", "subject": "x", "severity": "blocking"}]},
            "odd.json: expected[0].rule",
        ),
    ],
)
def test_a_scenario_that_does_not_fit_is_named_with_field_and_value(tmp_path, changed, said, expired):
    (tmp_path / "odd.json").write_text(json.dumps({**expired, **changed}))
    ended = command(tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_a_finding_of_another_severity_is_one_miss():
    truth = KnownAnswer("case", frozenset({Finding("R01", "X", "blocking")}), frozenset())
    result = Evaluation()
    result.add(truth, [Finding("R01", "X", "advisory")])
    assert list(map(str, result.misses)) == ["case: R01 X (blocking): found as advisory"]
    assert (result.scores["R01"].precision, result.scores["R01"].recall) == (0.0, 0.0)


def test_a_run_without_a_result_is_a_miss_even_where_nothing_was_to_be_found():
    result = Evaluation()
    result.add_without_result(KnownAnswer("clean", frozenset(), frozenset()), "its run failed: no identity")
    result.add(KnownAnswer("other", frozenset(), frozenset()), [])
    assert list(map(str, result.misses)) == ["clean: its run failed: no identity"]
    assert (result.scenarios, result.as_expected) == (2, 1)


def test_json_alone_goes_to_standard_output(tmp_path, expired):
    (tmp_path / "right.json").write_text(json.dumps(expired))
    ended = command(tmp_path, "--json")
    result = json.loads(ended.stdout)
    assert (ended.returncode, result["as_expected"], result["live"]) == (0, 1, False)
    assert result["rules"]["R01"]["recall"] == 1.0
    assert "Scenarios: 1 of 1" in ended.stderr


def test_scenarios_that_would_be_answered_with_one_anothers_records_are_refused(tmp_path, expired):
    whole = json.loads((HAND_WRITTEN / "03-excluded-subcontractor.json").read_text())
    (record,) = whole["debarment"]
    (tmp_path / "excluded.json").write_text(json.dumps(whole))
    named = record["exclusionIdentification"]["entityName"]
    alike = {"op": "replace", "path": "/action/vendors/0/name", "value": named}
    (tmp_path / "alike.json").write_text(json.dumps({**expired, "changes": [alike]}))
    ended = command(tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    said = f"alike.json: action.vendors: every word of {named!r} is on an exclusion record of excluded.json"
    assert said in ended.stderr


def test_a_person_that_two_scenarios_name_is_judged_by_the_records_of_each(tmp_path):
    here = (HAND_WRITTEN / "E04-signatory-without-cross-reference.json").read_text()
    elsewhere = (HAND_WRITTEN / "E04-signatory-of-another-place.json").read_text()
    for old, new in (("Leopold", "Ambrose"), ("Hartwicke", "Fennimarch")):
        elsewhere = elsewhere.replace(old, new).replace(old.upper(), new.upper())
    (tmp_path / "here.json").write_text(here)
    (tmp_path / "elsewhere.json").write_text(elsewhere)
    ended = command(tmp_path)
    assert (ended.returncode, ended.stdout.splitlines()[-1][:14]) == (0, "2 of 2 scenari")


def test_the_same_accounting_line_in_two_scenarios_is_refused(tmp_path, expired):
    for number in (990, 991):
        path = "/ledger/obligation_lines/0/document_number"
        same = {"op": "replace", "path": path, "value": "SAME-NUMBER"}
        changed = {**expired, "number": number, "base": "modification", "changes": [same]}
        (tmp_path / f"{number}.json").write_text(json.dumps(changed))
    ended = command(tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "991.json: ledger.obligation_lines: 'SAME-NUMBER/" in ended.stderr
