"""All rules, and their evaluation. A rule whose source was silent finds nothing, and S01 says so."""

from app.domain.casefile import CaseFile
from app.domain.discrepancy import Discrepancy, Rule
from app.domain.procurement import ActionType
from app.domain.rules.accounting import F05
from app.domain.rules.amounts import C02
from app.domain.rules.appropriation import F03
from app.domain.rules.assurance import D03
from app.domain.rules.balance import F06
from app.domain.rules.ceiling import C03
from app.domain.rules.coding import C07
from app.domain.rules.contractor import R03
from app.domain.rules.document import D01
from app.domain.rules.exclusion import E01, E03
from app.domain.rules.exclusion_by_name import E02
from app.domain.rules.funding import F01
from app.domain.rules.identity import D02
from app.domain.rules.name_and_address import R04
from app.domain.rules.obligation import F02
from app.domain.rules.option import C05
from app.domain.rules.ownership import R05
from app.domain.rules.performed import check_of
from app.domain.rules.registration import R01, R02
from app.domain.rules.related_party import E04
from app.domain.rules.reporting import C01
from app.domain.rules.responsibility import E06, E07
from app.domain.rules.severability import F04
from app.domain.rules.size import C06
from app.domain.rules.standing import C04
from app.domain.rules.subcontracting import D04
from app.domain.rules.supply_chain import E05

CHECKS: tuple[Rule, ...] = (
    R01,
    R02,
    R03,
    R04,
    R05,
    E01,
    E02,
    E03,
    E04,
    E05,
    E06,
    E07,
    C01,
    C02,
    C03,
    C04,
    C05,
    C06,
    C07,
    D01,
    D02,
    D03,
    D04,
    F01,
    F02,
    F03,
    F04,
    F05,
    F06,
)
RULES: tuple[Rule, ...] = (*CHECKS, check_of(CHECKS))

_BY_TYPE = {kind: tuple(rule for rule in RULES if rule.severities.of_type(kind)) for kind in ActionType}


def evaluate(case: CaseFile) -> tuple[Discrepancy, ...]:
    """Every finding for this case, in the order of the rules."""
    due = _BY_TYPE[case.action.action_type]
    if case.gaps or case.unasked:
        due = tuple(rule for rule in due if case.can_tell(rule.sources))
    found: list[Discrepancy] = []
    for rule in due:
        found.extend(rule.check(rule, case))
    return tuple(found)
