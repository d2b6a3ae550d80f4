"""Every alarm that the code raises is explained, on the pages and in the runbook with the same words."""

import re
from pathlib import Path

import pytest

from app.credentials.alarm_kinds import ALARM_KINDS

ROOT = Path(__file__).parents[3]
RAISED = re.compile(
    r"""\balarm(?:_once)?\((?:[^()"']*kind=|\s*)["']((?:[a-z ]|'(?=s ))+)["']|AlarmRow\(\s*kind=["']([a-z ]+)"""
)
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")


def test_every_kind_that_is_raised_is_explained():
    sources = [path for folder in ("app", "workers") for path in (ROOT / folder).rglob("*.py")]
    raised = {
        one or other for path in sources for one, other in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert {"end not confirmed", "record names another's credential", "introduction refused"} <= raised
    assert raised <= ALARM_KINDS.keys()


@pytest.mark.parametrize("name", ALARM_KINDS)
def test_the_runbook_explains_it_with_the_same_words(name):
    assert f"| {name} | {ALARM_KINDS[name].meaning} | {ALARM_KINDS[name].action} |" in RUNBOOK
