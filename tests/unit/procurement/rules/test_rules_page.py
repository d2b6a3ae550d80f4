"""The officers' page on the rules is complete and current."""

from pathlib import Path

import pytest

from app.procurement.rules import RULES
from app.procurement.rules.rules_page import page

DOCS = Path(__file__).parents[4] / "docs" / "rules.md"


def test_the_page_is_current():
    """If this fails: `python -m app.procurement.rules.rules_page > docs/rules.md`."""
    assert DOCS.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_described_in_full(rule):
    text = page()
    assert f"### {rule.id} {rule.title}" in text
    for part in (rule.comparison, rule.authority.codified, rule.authority.rfo, rule.recommended, *rule.traps):
        assert part.strip()
        assert part in text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_cites_both_authorities_where_it_is_made(rule):
    check = getattr(rule.check, "func", rule.check)
    assert check.__doc__
    assert check.__doc__.startswith(f"{rule.id}: ")
    assert "RFO" in check.__doc__ or "U.S.C." in check.__doc__ or "DATA Act" in check.__doc__


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_texts_are_sentences(rule):
    for sentence in (rule.comparison, rule.recommended, *rule.traps):
        assert sentence[0].isupper() or not sentence[0].isalpha()
        assert sentence.endswith(".")
