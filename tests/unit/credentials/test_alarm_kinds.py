"""Every alarm that the code raises is explained, on the pages and in the runbook with the same words."""

import re
from pathlib import Path

import pytest

from app.credentials.alarm_kinds import ALARM_KINDS

ROOT = Path(__file__).parents[3]
RAISED = re.compile(
    r"""(?:\balarm(?:_once)?\(|irregularity\(\s*event,|Irregularity\(|AlarmRow\()"""
    r"""(?:[^()"']*kind=|\s*)["']((?:[a-z ]|'(?=s ))+)["']"""
)
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")


def test_every_kind_that_is_raised_is_explained():
    sources = [path for folder in ("app", "workers") for path in (ROOT / folder).rglob("*.py")]
    raised = {kind for path in sources for kind in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert {"end not confirmed", "second login", "logins refused", "introduction refused"} <= raised
    assert raised <= ALARM_KINDS.keys()


@pytest.mark.parametrize("name", ALARM_KINDS)
def test_the_runbook_explains_it_with_the_same_words(name):
    assert f"| {name} | {ALARM_KINDS[name].meaning} | {ALARM_KINDS[name].action} |" in RUNBOOK


@pytest.mark.parametrize("name", ALARM_KINDS)
def test_the_part_of_the_runbook_that_a_kind_names_is_there(name):
    assert f"\n## {ALARM_KINDS[name].play}\n" in RUNBOOK


def test_a_part_has_the_address_that_forges_give_its_heading():
    assert ALARM_KINDS["clock differs"].anchor == "what-waits-and-why"
