"""The rule about checks that were not made."""

from collections.abc import Iterator
from functools import partial

from app.domain.casefile import CaseFile
from app.domain.discrepancy import Authority, ComparedValue, Discrepancy, Rule, Severities, Severity
from app.domain.procurement import ActionType
from app.domain.rules.wording import listed


def check_of(rules: tuple[Rule, ...]) -> Rule:
    """S01, which watches over the sources of `rules`."""
    return Rule(
        id="S01",
        title="Check not performed",
        version=1,
        sources=(),
        severities=Severities(
            new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.BLOCKING
        ),
        authority=Authority(codified="FAR 9.405(e)(1), (4)", rfo="RFO 4.203-2(a)(1), 4.304(b)(2)"),
        comparison="Whether every source answered.",
        traps=("An empty answer is an answer.",),
        recommended="Run the triage again; if the source stays silent, check by hand and record it.",
        check=partial(not_performed, rules),
    )


def not_performed(watched: tuple[Rule, ...], rule: Rule, case: CaseFile) -> Iterator[Discrepancy]:
    """S01: a source did not answer, so the checks that need it were not made and the run is not clear.

    FAR 9.405(e)(1), (4) ("immediately prior to award"); RFO 4.203-2(a)(1), 4.304(b)(2).
    """
    severity = Severity.ADVISORY if case.action.action_type is ActionType.MODIFICATION else Severity.BLOCKING
    for source in sorted({gap.source for gap in case.gaps}):
        reason = "; ".join(sorted({gap.reason for gap in case.gaps if gap.source is source}))
        blind = listed([each.id for each in watched if source in each.sources] or ["none"], last="and")
        yield rule.found(
            severity=severity,
            subject=source.value,
            values=(
                ComparedValue(source=source.value, label="answer", value=f"none: {reason}"),
                ComparedValue(source="rules", label="checks not performed", value=blind),
            ),
            because=f"{source.value} gave no usable answer ({reason}); checks not performed: {blind}.",
        )
