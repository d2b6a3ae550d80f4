"""Scenario files: strict, reproducible, and right about the expected findings."""

import json
import shutil
import time
from collections import Counter
from random import Random

import pytest

from known_answers.scenarios.defects import SOURCES
from known_answers.scenarios.generator import DEMONSTRATION, generate, write
from known_answers.scenarios.loader import HAND_WRITTEN, ScenarioError, load_cases

FIRST = "01-clean-new-award.json"
GENERATED = 400
DEMONSTRATED = len(list(HAND_WRITTEN.glob(DEMONSTRATION)))


@pytest.fixture
def folder(tmp_path):
    shutil.copy(HAND_WRITTEN / FIRST, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    out = tmp_path_factory.mktemp("day")
    write(out, actions=DEMONSTRATED + GENERATED, seed=2026)
    return out


def change(folder, edit):
    document = json.loads((folder / FIRST).read_text())
    edit(document)
    (folder / FIRST).write_text(json.dumps(document))


def test_hand_written_cases_load_and_cover_what_matters_most(cases):
    assert len(cases) >= 12
    found = {(each.rule, each.severity) for case in cases for each in case.scenario.expected}
    assert {rule for rule, _ in found} >= {"R01", "R02", "E01", "C02", "D01", "F01", "F02", "S01"}
    assert {(rule, "advisory") for rule in ("R01", "E01", "C02", "D01", "S01")} <= found
    clean = {case.scenario.action.action_type for case in cases if not case.scenario.expected}
    assert clean == {"new_award", "modification", "option"}
    assert all(case.scenario.expected or case.scenario.forbidden for case in cases)


def test_the_first_twelve_show_one_rule_of_each_kind(cases):
    first = cases[:12]
    assert {each.rule for case in first for each in case.scenario.expected} >= {
        *("R01", "E01", "C02", "D01", "F01", "S01")
    }


def test_generated_cases_load_in_a_plausible_mixture(day):
    cases = load_cases(day / "cases")
    scenarios = [case.scenario for case in cases if case.slug.startswith("generated-")]
    assert len(scenarios) == GENERATED
    assert 0.6 < sum(not each.expected for each in scenarios) / GENERATED < 0.8
    assert 2.5 < sum(len(each.action.vendors) for each in scenarios) / GENERATED < 3.5
    assert set(Counter(each.action.action_type for each in scenarios)) == {
        "new_award",
        "modification",
        "option",
    }
    assert {found.rule for each in scenarios for found in each.expected} >= {
        *("R01", "R02", "R03", "R04", "E01", "E02", "C01", "C02", "D01", "D02", "D03"),
        *("F01", "F02", "F03", "F05", "S01"),
    }
    assert any(len(each.expected) > 2 for each in scenarios)


def test_the_inbox_lists_all_actions_the_hand_written_first(day):
    inbox = json.loads((day / "inbox.json").read_text())
    written = [case.document["action"] for case in load_cases(HAND_WRITTEN, names=DEMONSTRATION)]
    assert inbox[: len(written)] == written
    assert len({action["action_id"] for action in inbox}) == len(inbox) == len(written) + GENERATED


def test_many_generated_actions_show_nearly_every_rule():
    rng = Random(2026)
    found = {each["rule"] for number in range(1, 2_500) for each in generate(number, rng)["expected"]}
    assert {*SOURCES, "R03", "F05"} <= found


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    def files(name, seed):
        write(tmp_path / name, actions=DEMONSTRATED + 40, seed=seed)
        return {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.json")}

    assert files("one", 1) == files("two", 1)
    assert files("one", 1) != files("three", 2)


def test_a_smaller_day_leaves_nothing_of_a_larger_one(tmp_path):
    write(tmp_path, actions=30, seed=1)
    write(tmp_path, actions=5, seed=1)
    assert len(load_cases(tmp_path / "cases")) == len(json.loads((tmp_path / "inbox.json").read_text())) == 5


def test_a_day_is_made_in_seconds(tmp_path):
    start = time.process_time()
    write(tmp_path, actions=400, seed=3)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("edit", "where", "value"),
    [
        (lambda d: d["action"].update(amount=250), "action.amount", "250"),
        (lambda d: d["action"].update(amount="1,000.00"), "action.amount", "1,000.00"),
        (lambda d: d["action"].update(effective_date="09/14/2026"), "action.effective_date", "09/14/2026"),
        (lambda d: d["action"].update(effective_date="2026-9-14"), "action.effective_date", "2026-9-14"),
        (
            lambda d: d["action"]["vendors"][1].update(uei="1234567890AB"),
            "action.vendors[1].uei",
            "1234567890AB",
        ),
        (lambda d: d["action"]["vendors"][0].update(role="owner"), "action", "exactly one"),
        (lambda d: d["action"].update(modification="P00001"), "action", "P00001"),
        (lambda d: d["action"].update(unheard="of"), "action.unheard", "of"),
        (
            lambda d: d["documents"][0]["signedDates"].update(co="09-14-2026"),
            "documents[0].signedDates.co",
            "09-14-2026",
        ),
        (
            lambda d: d["contracts"][0]["awardDetails"]["dollars"].update(actionObligation=1.5),
            "contracts[0].awardDetails.dollars.actionObligation",
            "1.5",
        ),
        (lambda d: d["ledger"]["commitments"][0].update(piid="70ZZ0126C9999"), "", "70ZZ0126C9999"),
        (lambda d: d.update(faults={"ledger": "500"}), "faults", "ledger"),
        (lambda d: d.update(faults={"documents": "sulks"}), "faults.documents", "sulks"),
        (
            lambda d: d["expected"].append({"rule": "X1", "subject": "Y", "severity": "blocking"}),
            "expected",
            "X1",
        ),
        (
            lambda d: d["expected"].append({**d["forbidden"][0], "severity": "blocking"}),
            "",
            "is also expected",
        ),
    ],
)
def test_a_flaw_is_named_with_file_field_and_value(folder, edit, where, value):
    change(folder, edit)
    with pytest.raises(ScenarioError) as problem:
        load_cases(folder)
    text = str(problem.value)
    assert text.startswith(FIRST)
    assert where in text
    assert value in text


def test_broken_json_and_an_empty_folder_are_named(folder, tmp_path):
    (folder / FIRST).write_text("{")
    with pytest.raises(ScenarioError, match=f"{FIRST}: Invalid JSON"):
        load_cases(folder)
    with pytest.raises(ScenarioError, match="no scenario files"):
        load_cases(tmp_path / "nowhere")


def test_two_cases_about_the_same_vendor_are_refused(folder):
    document = json.loads((folder / FIRST).read_text())
    document["action"]["action_id"] = "ACT-2026-9999"
    (folder / "02-again.json").write_text(json.dumps(document))
    with pytest.raises(ScenarioError, match=r"also in 01-clean-new-award\.json"):
        load_cases(folder)
