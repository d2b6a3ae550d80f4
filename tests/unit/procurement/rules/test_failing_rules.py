"""A rule that raises is a check not performed; rules are found by their modules, each id once."""

import logging
from dataclasses import replace
from types import ModuleType

import pytest

from app.procurement import rules
from app.procurement.case_file import CaseFile
from app.procurement.finding import Severity
from app.procurement.rules import RULES, collected, evaluate

SECRET = "what a source said"


def at_once(rule, case):
    raise KeyError(SECRET)


def after_a_finding(rule, case):
    yield rule.finding(severity=Severity.BLOCKING, subject="X", values=(), because="found before it failed")
    raise KeyError(SECRET)


def nothing_to_iterate(rule, case):
    return None


@pytest.fixture
def with_failing(monkeypatch):
    """Evaluates a case with one rule replaced by a defective one."""

    def evaluated(case, name, check):
        kinds = {
            kind: tuple(replace(rule, check=check) if rule.id == name else rule for rule in due)
            for kind, due in rules._BY_TYPE.items()
        }
        with monkeypatch.context() as patched:
            patched.setattr(rules, "_BY_TYPE", kinds)
            return evaluate(case)

    return evaluated


@pytest.fixture
def flawed(award, stated, registration):
    """An award whose vendor's registration has lapsed, with nothing else on file."""
    return CaseFile(action=award, evidence=tuple(stated(replace(registration(), status="Expired"))))


@pytest.mark.parametrize("name", ["R01", "C03", "F06", "S01"])
@pytest.mark.parametrize("check", [at_once, after_a_finding, nothing_to_iterate])
def test_a_failing_rule_is_named_and_the_other_findings_stand(with_failing, flawed, name, check):
    found = with_failing(flawed, name, check)
    (failed,) = [each for each in found if each.rule == "S01" and each.subject == name]
    assert failed.severity == "blocking"
    assert (failed.values[0].source, failed.values[0].value) == ("rules", name)
    assert "KeyError" in failed.because or "TypeError" in failed.because
    others = tuple(each for each in evaluate(flawed) if each.rule != name)
    assert [each for each in found if each is not failed] == list(others)
    assert others


def test_a_failing_rule_is_advisory_where_silence_is(with_failing, modification):
    found = with_failing(CaseFile(action=modification), "R01", at_once)
    assert [each.severity for each in found if each.subject == "R01"] == ["advisory"]


def test_the_log_has_the_rule_and_the_type_of_the_error_only(with_failing, flawed, caplog):
    with caplog.at_level(logging.ERROR):
        with_failing(flawed, "R01", at_once)
    (record,) = caplog.records
    assert record.getMessage() == "rule R01 failed: KeyError"
    assert record.exc_info is None
    assert SECRET not in caplog.text


def module(name, **rules):
    made = ModuleType(name)
    vars(made).update(rules)
    return made


def test_rules_are_listed_by_topic_and_id():
    shuffled = [module("x", rule=rule) for rule in sorted(RULES, key=lambda rule: rule.title)]
    assert collected(shuffled) == RULES


def test_a_rule_of_a_new_topic_comes_last():
    new = replace(RULES[0], id="B01")
    assert collected([module("b01_bonds", B01=new), module("r01", R01=RULES[0])]) == (RULES[0], new)


def test_a_rule_that_a_module_imports_is_no_second_one():
    assert collected([module("r01", R01=RULES[0]), module("r02", R01=RULES[0])]) == (RULES[0],)


def test_two_rules_of_one_id_are_refused():
    twin = replace(RULES[0], title="Another one")
    with pytest.raises(ValueError, match="r99_twin: another module has a rule R01"):
        collected([module("r01", R01=RULES[0]), module("r99_twin", R01=twin)])
