"""One name for one thing, modules of a readable size, and imports at the top of a module."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = ("app", "workers", "mocks", "infra", "known_answers", "rehearsals", "benchmarks")
#: What a part of any package may call the same part of itself.
EVERYWHERE = {"__main__", "errors", "settings", "tables"}
#: A noun has the same name in each of these: its pages, its resource, the form of that, and what is read for them.
ROOMS = ("app/web/views/", "app/web/api/", "app/web/api/shapes/", "app/review/queries/")
MOST_LINES = 200

#: Names that stand for two things, and why they may.
DOUBLES: dict[tuple[str, str], str] = {
    ("app", "actions"): "the rows of the domain, beside the pages, resources and queries about them",
}
_TABLES = "tables that refer to each other"
_RULE = "one rule with all its special cases"
#: Modules that are longer, and why.
LONG: dict[str, str] = {
    "app/credentials/alarm_kinds.py": "one record for each kind of alarm",
    "app/credentials/tables.py": _TABLES,
    "app/procurement/rules/r04_name_and_address.py": _RULE,
    "app/review/queries/__init__.py": "one method for each query of the pages",
    "app/store/tables.py": _TABLES,
    "app/web/access.py": "one line for each endpoint",
    "infra/docker/stand_ins.py": "one recipe per image",
    "workers/payloads/awards.py": "the models of one answer, in the order of its sections",
}


def modules(tree):
    """The modules of one package tree, without migrations, which have numbers for names."""
    return [path for path in sorted((ROOT / tree).rglob("*.py")) if "migrations" not in path.parts]


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path):
    return path.relative_to(ROOT).as_posix()


def name_of(path):
    return path.parent.name if path.stem == "__init__" else path.stem


def room_of(path):
    return next((room for room in ROOMS if place(path.parent) + "/" == room), None)


def defined(path):
    """The classes and aliases of a module: what has a name in capitalised words and is not imported."""
    for statement in parsed(path).body:
        if isinstance(statement, ast.ClassDef):
            yield statement.name
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id[:1].isupper() and not target.id.isupper():
                yield target.id


def doubles(tree):
    """Each name that is used for two things, with the modules that use it."""
    houses, rooms, classes = defaultdict(list), defaultdict(list), defaultdict(list)
    for path in modules(tree):
        name = name_of(path)
        if name not in EVERYWHERE:
            (rooms if room_of(path) else houses)[name].append(path)
        for each in defined(path):
            classes[each].append(path)
    found = {name: paths + rooms.get(name, []) for name, paths in houses.items()} | classes
    found = {name: [place(path) for path in paths] for name, paths in found.items()} | renamed(tree)
    return {name: sorted(places) for name, places in found.items() if len(places) > 1}


def renamed(tree):
    """What each name that an import gives stands for."""
    found = defaultdict(set)
    for path in modules(tree):
        for statement in ast.walk(parsed(path)):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                module = getattr(statement, "module", None)
                for alias in statement.names:
                    if alias.asname not in {None, alias.name}:
                        found[alias.asname].add(f"{module}.{alias.name}" if module else alias.name)
    return found


@pytest.mark.parametrize("tree", TREES)
def test_a_name_stands_for_one_thing_in_its_tree(tree):
    allowed = {name for of, name in DOUBLES if of == tree}
    found = doubles(tree)
    assert {name: places for name, places in found.items() if name not in allowed} == {}
    assert allowed - found.keys() == set(), "no longer double: take these off the list"


def test_a_module_is_short_or_has_a_reason_to_be_long():
    lines = {
        place(path): len(path.read_text(encoding="utf-8").splitlines())
        for tree in TREES
        for path in modules(tree)
    }
    long = {path for path, number in lines.items() if number > MOST_LINES}
    assert long - LONG.keys() == set()
    assert LONG.keys() - long == set(), "short enough now: take these off the list"


def test_the_project_is_imported_at_the_top_of_a_module():
    """An import in a function hides what a module needs, and a circle."""
    hidden = {
        place(path)
        for tree in TREES
        for path in modules(tree)
        for function in ast.walk(parsed(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in ast.walk(function)
        if isinstance(statement, ast.Import | ast.ImportFrom) and is_of_project(statement)
    }
    assert hidden == set()


def is_of_project(statement):
    if isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""]
    else:
        names = [alias.name for alias in statement.names]
    relative = isinstance(statement, ast.ImportFrom) and statement.level > 0
    return relative or any(name.partition(".")[0] in TREES for name in names)
