"""The other checks of the same run, grouped by their outcome, each with what it looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.procurement.finding import NOT_PERFORMED
from app.procurement.rules.support.found_nothing import BESIDE
from app.review.checks import Check, CheckOutcome
from app.store.tables import FlagRow
from app.web.flag_page.compared_values import rule_of


@dataclass(frozen=True, kw_only=True, slots=True)
class ClearCheck:
    """A check that found nothing: what it looked for, and the finding of another check that bears on it."""

    check: Check
    looked_for: str
    see: FlagRow | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherChecks:
    """The checks of a run, S01 aside, by outcome. `known` says whether the plan of the run was recorded."""

    known: bool
    clear: Sequence[ClearCheck]
    in_part: Sequence[Check]
    not_made: Sequence[Check]
    off: Sequence[Check]


def other_checks(checks: Sequence[Check], findings: Sequence[FlagRow], shown: UUID) -> OtherChecks:
    """The checks of a run beside the flag `shown`; `findings` are all those of the run."""
    made = [check for check in checks if check.rule != NOT_PERFORMED]

    def of(outcome: CheckOutcome) -> list[Check]:
        return [check for check in made if check.outcome is outcome]

    return OtherChecks(
        known=bool(checks),
        clear=[_clear(check, findings, shown) for check in of(CheckOutcome.AGREES)],
        in_part=of(CheckOutcome.IN_PART),
        not_made=of(CheckOutcome.NOT_MADE),
        off=of(CheckOutcome.NOT_APPLICABLE),
    )


def _clear(check: Check, findings: Sequence[FlagRow], shown: UUID) -> ClearCheck:
    rule = rule_of(check.rule)
    if rule is None:
        return ClearCheck(check=check, looked_for=check.reason)
    for flag in findings:
        if words := BESIDE.get(check.rule, {}).get(flag.rule):
            return ClearCheck(check=check, looked_for=words, see=None if flag.flag_id == shown else flag)
    return ClearCheck(check=check, looked_for=rule.comparison)
