"""Every rule has scenarios in which it finds, in which it is silent, and for each special case it lists."""

from collections import defaultdict

import pytest

from app.procurement.rules import RULES

#: Special cases that do not spare the vendor: what they say is why the finding stands.
SPARE_NOBODY = {
    (
        "R02",
        "An entity that opted out of public display is not visible to a public key; it can be registered.",
    ): ("blocks a new award, for it must be looked up by hand"),
    ("E03", "The flag of older answers is not dependable: the list decides, and both pulls are kept."): (
        "the record on the list counts whatever the flag says"
    ),
    ("D01", "A draft or unsigned instrument does not count."): "there is no instrument then",
    ("F03", "A change with a justification on file is new scope: blocking."): "it is a new obligation",
    ("F03", "The exercise of an option is a new obligation."): "it needs funds of its own year",
}


@pytest.fixture(scope="module")
def scenarios(cases):
    return {case.slug: case.scenario for case in cases}


@pytest.fixture(scope="module")
def shown(scenarios):
    """By rule and special case, the scenarios that are about it."""
    shown = defaultdict(list)
    for scenario in scenarios.values():
        for each in scenario.traps:
            shown[each.rule, each.trap].append(scenario)
    return shown


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_a_scenario_where_it_finds_and_one_where_it_must_not(scenarios, rule):
    found = [each for one in scenarios.values() for each in one.expected if each.rule == rule.id]
    silent = [each for one in scenarios.values() for each in one.forbidden if each.rule == rule.id]
    assert found
    assert silent
    usual = rule.severities
    assert {str(each) for each in (usual.new_award, usual.modification, usual.option) if each} & {
        each.severity for each in found
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_special_case_has_a_scenario_that_names_it(shown, rule):
    assert [trap for trap in rule.traps if not shown[rule.id, trap]] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_special_case_is_silent_or_advisory_in_one_of_its_scenarios(shown, rule):
    blocking = [
        trap
        for trap in rule.traps
        if (rule.id, trap) not in SPARE_NOBODY
        and all(
            (rule.id, "blocking") in {(each.rule, each.severity) for each in scenario.expected}
            for scenario in shown[rule.id, trap]
        )
    ]
    assert blocking == []


def test_scenarios_name_special_cases_as_the_rules_do(shown):
    listed = {(rule.id, trap) for rule in RULES for trap in rule.traps}
    assert shown.keys() - listed == set()
    assert SPARE_NOBODY.keys() - listed == set()
