"""Tests that documents name as evidence are there, and what a document claims names one."""

import ast
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from app.credentials.alarm_kinds import ALARM_KINDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(ROOT.glob("docs/*.md"))
#: A test as pytest names it.
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CONTROL = re.compile(r"([A-Z]{2})-(\d+)(?:\((\d+)\))? [A-Z]")


def rows(document: str, first: str) -> list[list[str]]:
    """The cells of each row, in all tables of a document whose first column has this heading."""
    found, wanted = [], False
    for line in (ROOT / "docs" / document).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            wanted = False
        elif wanted and not line.startswith("|---"):
            found.append(cells)
        wanted = wanted or cells[:1] == [first]
    return found


@cache
def marks_of_tests(file: str) -> dict[str, str]:
    """The marks of each test of a file, as written, by the test's name."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {
        each.name: " ".join(map(ast.unparse, each.decorator_list))
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_")
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_test_that_is_named_exists_and_is_not_switched_off(document):
    named = TEST.findall(document.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file()
        or name not in marks_of_tests(file)
        or re.search(r"mark\.skip\b|xfail", marks_of_tests(file)[name])
    ]
    assert missing == []


def test_each_control_that_is_claimed_names_a_test():
    controls = rows("controls.md", "control")
    assert len(controls) > 50
    assert {claim for _, claim, _, _ in controls} == {"yes", "partly", "no"}
    wrong = [name for name, claim, _, evidence in controls if (claim != "no") != bool(TEST.search(evidence))]
    assert wrong == []


def test_controls_are_in_order_and_each_is_named_once():
    numbers = []
    for name, *_ in rows("controls.md", "control"):
        family, control, enhancement = CONTROL.match(name).groups()
        numbers.append((family, int(control), int(enhancement or 0)))
    assert [later for earlier, later in pairwise(numbers) if later <= earlier] == []


def test_each_threat_is_answered_and_what_is_prevented_or_detected_names_a_test():
    threats = rows("threat-model.md", "id")
    numbers = [name for name, *_ in threats]
    assert len(threats) > 50
    assert numbers == sorted(set(numbers))
    assert {answer for _, _, answer, _, _ in threats} == {"prevented", "detected", "accepted"}
    wrong = [
        name
        for name, _, answer, _, evidence in threats
        if (answer != "accepted") != bool(TEST.search(evidence))
    ]
    assert wrong == []


def test_the_threat_model_names_alarms_and_threats_that_there_are():
    threats = rows("threat-model.md", "id")
    alarms = {name for row in threats for name in re.findall(r"`([a-z]+(?:['a-z]* [a-z' ]+)+)`", row[3])}
    assert len(alarms) > 20
    assert alarms <= ALARM_KINDS.keys()
    risks = rows("threat-model.md", "risk")
    assert [name[:5] for name, _ in risks] == [f"ASI{number:02}" for number in range(1, 11)]
    named = {name for _, here in risks for name in re.findall(r"\bT\d\d\b", here)}
    assert named <= {name for name, *_ in threats}


def test_the_data_flow_is_that_of_the_containers():
    allowed = {
        tuple(line.split()[:3])
        for line in (ROOT / "infra/docker/allowed-connections").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    drawn = {
        (source, target, port)
        for sources, target, port, *_ in rows("threat-model.md", "from")
        for source in sources.split(", ")
    }
    assert drawn == allowed


def statements(text: str) -> list[str]:
    """The paragraphs, items and table rows of a document, each on one line; of a row the first two cells."""
    found, goes_on = [], False
    for line in re.sub(r"^\|.*\n\|---.*\n", "", text, flags=re.MULTILINE).splitlines():
        if line.startswith("| "):
            found.append(": ".join(line.strip("| ").split(" | ")[:2]))
        elif line.startswith("* ") or (line and not line.startswith("#") and not goes_on):
            found.append(line.removeprefix("* "))
        goes_on = bool(line) and not line.startswith(("|", "#"))
    return found


def test_each_statement_about_security_has_its_tests():
    text, _, _ = (ROOT / "docs/security.md").read_text(encoding="utf-8").partition("## Known limits")
    said = statements(text[text.index("\n## ") :])
    proven = rows("evidence.md", "statement that begins with")
    wrong = [
        (begin, statement)
        for (begin, _), statement in zip(proven, said, strict=False)
        if not statement.startswith(begin)
    ]
    assert wrong[:1] == []
    assert len(proven) == len(said)
    assert [begin for begin, tests in proven if not TEST.search(tests)] == ["A proxy that receives"]
