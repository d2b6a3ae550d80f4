"""All rules, and their evaluation. A rule whose source was silent finds nothing, and S01 says so.

Each module here whose name begins with the id of a rule, a letter and two digits, is found by itself.
"""

import logging
import re
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from app.procurement.action import ActionType
from app.procurement.case_file import CaseFile
from app.procurement.finding import Finding
from app.procurement.rule import Rule
from app.procurement.rules.s01_not_performed import failed_check, watch_over

#: What rules are about, by the first letter of their ids, in the order in which they are listed.
TOPICS = {
    "R": "Registration",
    "E": "Exclusion and responsibility",
    "C": "Contract history",
    "D": "Contract file",
    "F": "Funds",
    "S": "The triage itself",
}
_RULE_MODULE = re.compile(r"[a-z]\d\d_")
_log = logging.getLogger(__name__)


def collected(modules: Iterable[ModuleType]) -> tuple[Rule, ...]:
    """The rules of these modules, by topic and id. Raises `ValueError` when two of them define one id."""
    rules: dict[str, Rule] = {}
    for module in modules:
        for rule in vars(module).values():
            if isinstance(rule, Rule) and rules.setdefault(rule.id, rule) is not rule:
                raise ValueError(f"{module.__name__}: another module has a rule {rule.id}, too")
    return tuple(sorted(rules.values(), key=_place))


def _place(rule: Rule) -> tuple[int, str]:
    topics = [*TOPICS, rule.id[0]]
    return topics.index(rule.id[0]), rule.id


CHECKS = collected(
    import_module(f"{__name__}.{module.name}")
    for module in iter_modules(__path__)
    if _RULE_MODULE.match(module.name)
)
S01 = watch_over(CHECKS)
RULES = (*CHECKS, S01)

_BY_TYPE = {kind: tuple(rule for rule in RULES if rule.severities.of_type(kind)) for kind in ActionType}


def evaluate(case: CaseFile) -> tuple[Finding, ...]:
    """Every finding for this case, in the order of the rules.

    A rule that raises finds nothing; S01 names it as a check not performed, and the others stand.
    """
    due = _BY_TYPE[case.action.action_type]
    if case.gaps or case.unasked:
        due = tuple(rule for rule in due if case.all_answered(rule.sources))
    found: list[Finding] = []
    failed: list[Finding] = []
    for rule in due:
        try:
            found.extend(tuple(rule.check(rule, case)))
        except Exception as error:  # noqa: BLE001  # a defect of one rule must not hide what the others found
            # The error's text may hold what a source said about a person.
            _log.error("rule %s failed: %s", rule.id, type(error).__name__)  # same for its traceback
            failed.append(failed_check(S01, case, rule, error))
    return (*found, *failed)
