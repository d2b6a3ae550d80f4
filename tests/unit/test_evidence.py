"""Tests that documents name as evidence are there, and what a document claims names one."""

import ast
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

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
