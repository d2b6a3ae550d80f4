"""All rules, and their evaluation. A rule whose source was silent finds nothing, and S01 says so."""

from app.procurement.action import ActionType
from app.procurement.case_file import CaseFile
from app.procurement.finding import Finding, Rule
from app.procurement.rules.c01_reporting import C01
from app.procurement.rules.c02_amount import C02
from app.procurement.rules.c03_ceiling import C03
from app.procurement.rules.c04_contract_open import C04
from app.procurement.rules.c05_option_terms import C05
from app.procurement.rules.c06_size_and_set_aside import C06
from app.procurement.rules.c07_coding import C07
from app.procurement.rules.d01_document_absent import D01
from app.procurement.rules.d02_document_identity import D02
from app.procurement.rules.d03_assurance_expired import D03
from app.procurement.rules.d04_subcontracting_plan import D04
from app.procurement.rules.e01_e03_exclusion_match import E01, E03
from app.procurement.rules.e02_exclusion_by_name import E02
from app.procurement.rules.e04_related_party import E04
from app.procurement.rules.e05_supply_chain import E05
from app.procurement.rules.e06_e07_responsibility import E06, E07
from app.procurement.rules.f01_funds_certified import F01
from app.procurement.rules.f02_obligations import F02
from app.procurement.rules.f03_funds_available import F03
from app.procurement.rules.f04_severable_services import F04
from app.procurement.rules.f05_accounting_line import F05
from app.procurement.rules.f06_balance import F06
from app.procurement.rules.r01_r02_registration import R01, R02
from app.procurement.rules.r03_uei_differs import R03
from app.procurement.rules.r04_name_and_address import R04
from app.procurement.rules.r05_ownership import R05
from app.procurement.rules.s01_not_performed import check_of

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


def evaluate(case: CaseFile) -> tuple[Finding, ...]:
    """Every finding for this case, in the order of the rules."""
    due = _BY_TYPE[case.action.action_type]
    if case.gaps or case.unasked:
        due = tuple(rule for rule in due if case.can_tell(rule.sources))
    found: list[Finding] = []
    for rule in due:
        found.extend(rule.check(rule, case))
    return tuple(found)
