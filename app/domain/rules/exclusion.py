"""Rules about excluded parties."""

from collections.abc import Iterator
from datetime import date

from app.domain.casefile import CaseFile, Source
from app.domain.discrepancy import Authority, Discrepancy, Rule, Severities, Severity, proposed, stated
from app.domain.facts import Exclusion
from app.domain.procurement import ActionType
from app.domain.rules.wording import listed


def identifier_match(rule: Rule, case: CaseFile) -> Iterator[Discrepancy]:
    """E01: an exclusion record that is active on the day of the action carries a vendor's UEI.

    FAR 9.405(a), (b), (e), 9.405-1(a)(2), 17.207(c)(5); RFO 9.405, 9.405-1(a)(2)(iii), 17.204-1(b)(3)(iii). A hit is
    not a verdict: type and program of the record decide what it bars. A modification that adds no money may go on
    (FAR 9.405-1(a)(1)) and is advisory.
    """
    action = case.action
    adds_work = action.action_type is not ActionType.MODIFICATION or action.amount > 0
    for party in action.parties:
        name, uei = party[0].name, party[0].uei
        records = [
            record
            for record in case.of(Exclusion)
            if record.fact.uei is not None
            and record.fact.uei.upper() == uei
            and _active(record.fact, action.effective_date)
        ]
        if not records:
            continue
        roles = listed(sorted({vendor.role.value for vendor in party}), last="and")
        kinds = "; ".join(f"{record.fact.exclusion_type} by {record.fact.agency}" for record in records)
        yield rule.found(
            severity=Severity.BLOCKING if adds_work else Severity.ADVISORY,
            subject=uei,
            values=(
                proposed(f"{roles} named in the action", f"{name} ({uei})"),
                *(stated(record, "exclusion record", _written(record.fact)) for record in records),
            ),
            because=f"The action names {name} as {roles}; its UEI {uei} is on an exclusion record active on"
            f" {action.effective_date}: {kinds}.",
        )


def _active(record: Exclusion, day: date) -> bool:
    return record.activated <= day and (record.terminated is None or record.terminated >= day)


def _written(record: Exclusion) -> str:
    return (
        f"{record.name} ({record.uei}): {record.exclusion_type}, {record.program}, {record.agency},"
        f" since {record.activated}, until {record.terminated or 'further notice'}"
    )


E01 = Rule(
    id="E01",
    title="Active exclusion, identifier match",
    version=1,
    sources=(Source.DEBARMENT,),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.BLOCKING, option=Severity.BLOCKING
    ),
    authority=Authority(
        codified="FAR 9.405(a), (b), (e), 9.405-1(a)(2), 17.207(c)(5)",
        rfo="RFO 9.405, 9.405-1(a)(2)(iii), 17.204-1(b)(3)(iii)",
    ),
    comparison="UEIs of the vendors against active exclusion records.",
    traps=(
        "Ended or future exclusions.",
        "A modification that adds no money may go on.",
    ),
    recommended="Stop, read the record and its scope, ask the excluding agency and counsel, document the result.",
    check=identifier_match,
)
