"""The pattern can be lifted out: it loads little, and holds no word of procurement."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ("app", "workers", "infra", "mocks", "known_answers", "rehearsals")
PATTERN = (
    "app/connections",
    "app/credentials",
    "app/reconciliation",
    "workers/runtime",
    "infra/vault",
    "infra/postgres",
)
#: Each domain writes these itself: a policy names the tools by their paths in the vault.
DOMAIN_FILES = ("infra/vault/policies/",)
FILES = sorted(
    str(file.relative_to(ROOT))
    for folder in PATTERN
    for file in (ROOT / folder).rglob("*")
    if file.suffix in {".py", ".hcl", ".sql"}
)
WORDS = frozenset(
    [
        "acquisition",
        "agency",
        "award",
        "awards",
        "cage",
        "contract",
        "contracting",
        "contractor",
        "contractors",
        "contracts",
        "debarment",
        "dollar",
        "dollars",
        "eastern",
        "exclusion",
        "exclusions",
        "federal",
        "gov",
        "ledger",
        "obligation",
        "obligations",
        "officer",
        "officers",
        "piid",
        "procure",
        "procurement",
        "procurements",
        "registration",
        "registrations",
        "sam",
        "solicitation",
        "uei",
        "ueis",
        "vendor",
        "vendors",
    ]
)
MOST_MODULES = 22


def words_of(text: str) -> set[str]:
    """The words of a text in lower case, those within snake_case and CamelCase names too."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}


def test_words_are_found_within_names():
    assert words_of("VENDOR_LIMIT, ledgerUrl; ContractRow: a SAM-gov award") >= {
        *("vendor", "ledger", "contract", "sam", "gov", "award")
    }


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith(DOMAIN_FILES)])
def test_no_file_of_the_pattern_holds_a_word_of_procurement(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = {number: words for number, line in enumerate(lines, 1) if (words := words_of(line) & WORDS)}
    assert not found
    assert not words_of(Path(file).stem) & WORDS


def loaded_by(*modules: str) -> list[str]:
    """The modules of this project that a fresh interpreter loads to import these."""
    script = (
        f"import sys, {', '.join(modules)};"
        f"print(*(name for name in sys.modules if name.split('.')[0] in {PROJECT}), sep='\\n')"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    return shown.stdout.split()


def test_a_run_session_loads_few_modules():
    modules = loaded_by("workers.runtime.run_session")
    assert "workers.runtime.vault" in modules
    assert len(modules) <= MOST_MODULES, modules


def test_processes_of_the_pattern_load_no_module_of_the_domain():
    modules = loaded_by(
        *(
            f"workers.runtime.{name}"
            for name in ("dispatcher", "sweeper", "reconciler", "switching", "worker")
        )
    )
    places = tuple(folder.replace("/", ".") for folder in PATTERN)
    foreign = [name for name in modules if "." in name and not name.startswith(places)]
    assert "app.credentials.settings" in modules
    assert not foreign
