"""Templates import what they use, and every macro is used."""

from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from app import web

ROOT = Path(web.__file__).parent / "templates"
TREES = {
    str(path.relative_to(ROOT)): Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for path in ROOT.rglob("*.html")
}


def used(name):
    """The names a template uses itself or in what it includes, which sees what it imports."""
    tree = TREES[name]
    own = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "load"}
    return own.union(*(used(each.template.value) for each in tree.find_all(nodes.Include)))


@pytest.mark.parametrize("name", TREES)
def test_a_template_imports_only_what_it_uses(name):
    imported = {
        each if isinstance(each, str) else each[1]
        for line in TREES[name].find_all(nodes.FromImport)
        for each in line.names
    }
    assert imported - used(name) == set()


def test_every_macro_is_used():
    macros = {each.name for tree in TREES.values() for each in tree.find_all(nodes.Macro)}
    assert macros - set().union(*map(used, TREES)) == set()
