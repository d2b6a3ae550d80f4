"""Rules about registration in SAM.gov."""

from collections.abc import Iterator
from datetime import date

from app.domain.casefile import CaseFile, EvidenceOf, Source
from app.domain.discrepancy import Authority, Discrepancy, Rule, Severities, Severity, proposed, stated
from app.domain.facts import Registration
from app.domain.procurement import ActionType, VendorRole


def not_active(rule: Rule, case: CaseFile) -> Iterator[Discrepancy]:
    """R01: a vendor is not actively registered on the day of the action.

    FAR 4.1102(a), 4.1103(a), 52.204-7(b)(1); RFO 4.203-1(b), 4.203-2(a), 4.304(b)(2). Prime and subcontractors
    only: owners need no registration. Of several rows of one UEI an active one decides.
    """
    day = case.action.effective_date
    severity = Severity.ADVISORY if case.action.action_type is ActionType.MODIFICATION else Severity.BLOCKING
    for party in case.action.parties:
        name, uei = party[0].name, party[0].uei
        if all(vendor.role is VendorRole.OWNER for vendor in party):
            continue
        wanted = proposed(f"{name}: registration needed on", day.isoformat())
        rows = [row for row in case.of(Registration) if row.fact.uei.upper() == uei]
        if not rows:
            yield rule.found(
                severity=severity,
                subject=uei,
                values=(wanted,),
                because=f"SAM.gov returned no registration for {name} ({uei}); one is needed on {day}.",
            )
            continue
        row = max(rows, key=_decisive)
        problem = _problem(row.fact, day)
        if problem is not None:
            expires = row.fact.expires.isoformat() if row.fact.expires else "on no stated date"
            yield rule.found(
                severity=severity,
                subject=uei,
                values=(
                    wanted,
                    stated(row, f"{name}: registration", f"{row.fact.status}, expires {expires}"),
                ),
                because=f"SAM.gov shows the registration of {name} ({uei}) as {problem}; the action takes effect"
                f" on {day}.",
            )


def _decisive(row: EvidenceOf[Registration]) -> tuple[bool, date, str]:
    return row.fact.status == "Active", row.fact.expires or date.min, row.record_key


def _problem(registration: Registration, day: date) -> str | None:
    if registration.status != "Active":
        ended = f", with an expiration date of {registration.expires}" if registration.expires else ""
        return f"{registration.status}{ended}"
    if registration.expires is not None and registration.expires < day:
        return f"active until {registration.expires}"
    return None


R01 = Rule(
    id="R01",
    title="Registration not active",
    version=1,
    sources=(Source.SAM_GOV,),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.BLOCKING
    ),
    authority=Authority(
        codified="FAR 4.1102(a), 4.1103(a), 52.204-7(b)(1)", rfo="RFO 4.203-1(b), 4.203-2(a), 4.304(b)(2)"
    ),
    comparison="Status and expiration date of the SAM.gov registration against the day of the action.",
    traps=(
        "Several rows of one UEI: an active one decides.",
        "Owners need no registration.",
    ),
    recommended="Ask the vendor to renew, pull the registration again on the day of signature, note the date.",
    check=not_active,
)
