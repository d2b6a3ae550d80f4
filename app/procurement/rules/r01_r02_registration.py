"""R01, R02: registration in SAM.gov."""

from collections.abc import Iterator
from datetime import date

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.federal_time import eastern_day
from app.procurement.finding import Authority, Finding, Severity, no_value, value_from, value_of_action
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.exemption import card_micro_purchase, stands_for_many
from app.procurement.rules.support.registration_duty import break_since_offer, duty_of
from app.procurement.rules.support.vendor_identity import (
    NOT_FOR_CONTRACTS,
    is_registered,
    parties_but_owners,
    rows_of,
)
from app.procurement.systems import Source
from app.procurement.vendor_facts import HiddenEntity, Registration

_USUAL = Severities(new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.BLOCKING)
_AUTHORITY = Authority(
    codified="FAR 4.1102(a), 4.1103(a), 52.204-7(b)(1), 52.204-13",
    rfo="RFO 4.203-1(b), 4.203-2(a), 4.304(b)(2)",
)


def not_active(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """R01: a vendor's registration is not active on the day of the action.

    FAR 4.1102(a), 4.1103(a), 52.204-7(b)(1), 52.204-13; RFO 4.203-1(b), 4.203-2(a), 4.304(b)(2). Prime and
    subcontractors only. Only the day of the action counts: a lapse before it is harmless, but for an award from a
    solicitation before 12 November 2024. DFARS 204.1103(2)(i) adds options and modifications of defense contracts.
    Of several rows of one UEI an active one decides. Who has no registration at all is a matter of R02.
    """
    action, day = case.action, case.action.effective_date
    if card_micro_purchase(action):
        return
    for party in parties_but_owners(case):
        name, uei = party[0].name, party[0].uei
        rows = [row for row in rows_of(case, uei) if is_registered(row.fact)]
        rows = [row for row in rows if row.fact.purpose not in NOT_FOR_CONTRACTS] or rows
        if any(row.fact.status is None for row in rows):  # it may be active; S01 says that it is not known
            rows = [row for row in rows if row.fact.status == "Active"]
        if not rows:
            continue
        row = max(rows, key=_decisive) if len(rows) > 1 else rows[0]
        problem = _problem(row.fact, day) or break_since_offer(
            action, party, [each.fact.activated for each in rows if _problem(each.fact, day) is None]
        )
        if problem is None:
            continue
        duty = duty_of(rule, case, party)
        expires = row.fact.expires.isoformat() if row.fact.expires else "on no stated date"
        yield rule.finding(
            severity=duty.severity,
            authority=duty.authority,
            subject=uei,
            values=(
                value_of_action(f"{name}: registration needed on", day.isoformat()),
                value_from(row, f"{name}: registration", f"{row.fact.status}, expires {expires}"),
            ),
            because=" ".join(
                [
                    f"SAM.gov shows the registration of {name} ({uei}) as {problem}; the action takes effect on {day}.",
                    *filter(None, (_renewed(row), *duty.remarks)),
                ]
            ),
        )


def not_for_contracts(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """R02: SAM.gov has no registration of a vendor for federal contracts: no row, an assigned ID only, or assistance only.

    FAR 4.1102(a), 4.1103(a), 52.204-7(b)(1); RFO 4.203-1(b), 4.203-2(a), 4.304(b)(2) ("Federal Government contracts
    registration"). An entity that opted out of display is not visible to a public key, which is not the same. An
    identifier that stands for many vendors (FAR 4.605(c); RFO 4.301(e)) has no registration.
    """
    action = case.action
    if card_micro_purchase(action):
        return
    for party in parties_but_owners(case):
        name, uei = party[0].name, party[0].uei
        rows = rows_of(case, uei)
        if any(row.fact.purpose not in NOT_FOR_CONTRACTS and is_registered(row.fact) for row in rows):
            continue
        hidden = [item for item in case.of(HiddenEntity) if item.fact.uei in {None, uei}]
        if not rows and not hidden and not case.was_told(Source.SAM_GOV, uei):
            continue
        generic = stands_for_many(name)
        duty = duty_of(rule, case, party, exempt=generic)
        values = [
            value_of_action(
                f"{name}: registration for contracts needed on", action.effective_date.isoformat()
            )
        ]
        values += [value_from(row, f"{name}: SAM.gov has", _purpose(row.fact)) for row in rows]
        if rows:
            has = _purpose(rows[0].fact)
            because = f"SAM.gov has {name} ({uei}) with {has}; the action needs one for federal contracts."
        elif hidden:
            values += [value_from(item, "opted out of display", item.fact.named) for item in hidden]
            which = (
                "this vendor opted"
                if any(item.fact.uei for item in hidden)
                else "one that may be this vendor opted"
            )
            because = f"{name} ({uei}) is not visible to this key: {which} out of public display."
        else:
            values.append(no_value(Source.SAM_GOV, f"{name}: registration"))
            because = f"SAM.gov returned no registration for {name} ({uei}); one is needed on {action.effective_date}."
        if generic:
            because += " The name stands for many vendors, which are reported under a generic identifier."
        yield rule.finding(
            severity=duty.severity,
            authority=duty.authority,
            subject=uei,
            values=tuple(values),
            because=" ".join([because, *duty.remarks]),
        )


def _decisive(row: EvidenceOf[Registration]) -> tuple[bool, date, str]:
    return row.fact.status == "Active", row.fact.expires or date.max, row.record_key


def _problem(registration: Registration, day: date) -> str | None:
    if registration.status != "Active":
        ended = f", with an expiration date of {registration.expires}" if registration.expires else ""
        return f"{registration.status}{ended}"
    if registration.expires is not None and registration.expires < day:
        return f"active until {registration.expires}"
    return None


def _renewed(row: EvidenceOf[Registration]) -> str | None:
    """A note on a record that changed on the day it was pulled: its renewal may be in progress."""
    if eastern_day(row.pulled_at) not in {row.fact.updated, row.fact.activated}:
        return None
    return "The record was changed on the day it was pulled, so a renewal may be under way: pull it again."


def _purpose(registration: Registration) -> str:
    if not is_registered(registration):
        return "an assigned identifier and no registration"
    return f"a registration for {NOT_FOR_CONTRACTS[registration.purpose or '']} ({registration.purpose})"


R01 = Rule(
    id="R01",
    title="Registration not active",
    kind=FindingKind.CONDITION,
    version=3,
    sources=(Source.SAM_GOV,),
    helped_by=(Source.CONTRACTS,),
    severities=_USUAL,
    authority=_AUTHORITY,
    comparison="Status and expiration date of the SAM.gov registration against the day of the action. Inactive and Expired"
    " both mean a lapse; Submitted and Work in Progress are not active yet.",
    traps=(
        "A record changed on the day it was pulled may be a renewal under way: pull it again.",
        "A lapse between offer and award is harmless; only the day of the action counts.",
        "For solicitations before 12 November 2024 a lapse between offer and award counts.",
        "A unilateral administrative modification of a defense contract needs no active registration; any other does.",
        "An exception to registration applies (micro-purchase by card, urgency, deployed, classified, foreign).",
        "An urgency award has 30 days from award for the registration.",
        "An order whose contract has 52.204-13 needs no new verification under the codified FAR.",
        "Several rows of one UEI: an active one decides.",
        "A status that is not known is not taken for a lapse: the check counts as not performed.",
        "Owners need no registration.",
    ),
    recommended="Ask the vendor to renew, re-pull the registration on the day of signature, note the date.",
    check=not_active,
)

R02 = Rule(
    id="R02",
    title="Not registered for contracts",
    kind=FindingKind.CONDITION,
    version=2,
    sources=(Source.SAM_GOV,),
    helped_by=(Source.CONTRACTS,),
    severities=_USUAL,
    authority=_AUTHORITY,
    comparison="Whether SAM.gov has a registration of the vendor that covers federal contracts.",
    traps=(
        "An entity that opted out of public display is not visible to a public key; it can be registered.",
        "A vendor whose row could not be read, or that was not asked about, is not called unregistered.",
        "A generic identifier stands for many vendors and has no registration.",
        "An exception to registration applies.",
        "Several rows of one UEI: one that covers contracts is enough.",
        "Owners need no registration.",
    ),
    recommended="Check SAM.gov with a role that sees entities not on public display; else ask the vendor to register.",
    check=not_for_contracts,
)
