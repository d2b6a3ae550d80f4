"""What the documents refer to: files, modules, headings."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PACKAGES = ("app", "workers", "mocks", "infra", "known_answers", "rehearsals", "benchmarks", "tests")
FOLDERS = (*PACKAGES, "docs", "requirements", r"\.ci", r"\.github", r"\.devcontainer")
LINK = re.compile(r"\]\((?!https?:)(?P<file>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./*-]*[\w*](?![\w…])")
#: A file named without its folder.
NAME = re.compile(r"`([\w-]+\.(?:py|hcl))`")
MODULE = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
FENCED = re.MULTILINE | re.DOTALL
#: The tool that docs/add-a-tool.md invents.
INVENTED = "bond"

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def is_module(name):
    """Whether this is a module, or a module and a name that is written in it."""
    place = ROOT / name.replace(".", "/")
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    module, _, attribute = name.rpartition(".")
    files = (
        (ROOT / module.replace(".", "/")).with_suffix(".py"),
        ROOT / module.replace(".", "/") / "__init__.py",
    )
    return any(
        re.search(rf"\b{attribute}\b", file.read_text(encoding="utf-8")) for file in files if file.is_file()
    )


@every_document
def test_every_link_leads_somewhere(document):
    broken = []
    for link in LINK.finditer(document.read_text(encoding="utf-8")):
        target = document.parent / link["file"] if link["file"] else document
        if not target.exists():
            broken.append(link[0])
        elif link["heading"]:
            headings = re.findall(
                r"^#+ (.+)$|<a id=\"([\w-]+)\"", target.read_text(encoding="utf-8"), re.MULTILINE
            )
            if link["heading"] not in {
                name for heading, anchor in headings for name in (slug(heading), anchor)
            }:
                broken.append(link[0])
    assert broken == []


@every_document
def test_every_file_and_module_exists(document):
    text = re.sub(r"^```(python|diff)$.*?^```$", "", document.read_text(encoding="utf-8"), flags=FENCED)
    missing = [path for path in PATH.findall(text) if not list(ROOT.glob(path))]
    missing += [
        name
        for name in NAME.findall(text)
        if not any(list(ROOT.glob(f"{top}/**/{name}")) for top in PACKAGES)
    ]
    missing += [name for name in MODULE.findall(text) if not is_module(name)]
    assert [name for name in missing if INVENTED not in name] == []


def test_decisions_are_numbered_without_gaps():
    files = sorted(ROOT.glob("docs/adr/*.md"))
    headings = [file.read_text(encoding="utf-8").partition(".")[0] for file in files]
    assert [file.name[:5] for file in files] == [f"{number:04}-" for number in range(1, len(files) + 1)]
    assert headings == [f"# {number}" for number in range(1, len(files) + 1)]


def test_operators_read_of_no_setting_that_the_example_lacks():
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)\b", operations))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert {name for name in named if f"\n#{name}=" not in example} == {"HTTP_PROXY", "VAULT_TOKEN"}


def test_operators_read_of_every_command():
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = operations.partition("### The command line")[2].partition("\n### ")[0]
    named = {name for pair in re.findall(r"\btriage ([a-z-]+)|`([a-z-]+)`", section) for name in pair}
    assert set(get_command(app).commands) - named == set()
