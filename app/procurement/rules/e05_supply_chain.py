"""E05: supply-chain security orders and prohibitions."""

from collections.abc import Iterator
from datetime import date

from app.procurement.calendar import months_after
from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, Finding, Match, Severity, value_from, value_of_action
from app.procurement.names import STRONG, normalised
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.e02_exclusion_by_name import likeness
from app.procurement.rules.support import file_documents
from app.procurement.rules.support.exclusion_record import about, active, is_restriction, written
from app.procurement.rules.support.vendor_identity import names_of
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion

#: Type of the document that holds a waiver of a prohibition.
WAIVER = "WAIVER"
_DEFENSE = ("DEFENSE", "DOD", "ARMY", "NAVY", "AIR FORCE")
_HOMELAND = ("HOMELAND SECURITY", "DHS")
#: Months in which contracts are modified after an order.
_TO_MODIFY = 6


def order_names_vendor(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E05: a FASCSA order, or a prohibition or restriction, names a vendor.

    FAR 4.2304; RFO 40.202, 40.204-1, 52.240-91. Whether it applies is the requiring activity's question: orders are
    about articles and sources, civilian contracts follow those of DHS and defense contracts those of DoD, and a waiver
    is possible. A name alone never blocks.
    """
    action = case.action
    records = [item for item in active(case) if item.fact.fascsa_order or is_restriction(item.fact)]
    for party in action.parties if records else ():
        name, uei = party[0].name, party[0].uei
        by_identifier = about(case, party, records)
        identified = {record.evidence_id for record, _ in by_identifier}
        alike = [
            (record, likeness(case, uei, names_of(case, party), record.fact))
            for record in records
            if record.fact.fascsa_order and record.evidence_id not in identified
        ]
        alike = [(record, likeness) for record, likeness in alike if likeness.score >= STRONG]
        found = [record for record, _ in by_identifier] + [record for record, _ in alike]
        if not found:
            continue
        waivers = file_documents.on_file(case, WAIVER)
        other_side = all(_other_side(record.fact, defense=action.defense) for record in found)
        usual = rule.severities.of(action) or Severity.ADVISORY
        lesser = not by_identifier or other_side or bool(waivers)
        because = [
            f"{name} ({uei}) is named in {'; '.join(sorted(_kind(record.fact, action.effective_date) for record in found))}."
        ]
        if not by_identifier:
            because.append(f"Only the name agrees ({alike[0][1].compared}).")
        if other_side:
            follows = "DoD" if action.defense else "DHS"
            because.append(f"This contract follows orders of {follows} unless told otherwise.")
        if waivers:
            because.append("A waiver is on file.")
        since = [day for record in found if (day := _begun(record.fact, action.effective_date))]
        if not action.is_new and since:
            until = min(months_after(day, _TO_MODIFY) for day in since)
            because.append(f"Contracts are to be modified within six months of the order, by {until}.")
        because.append("Whether the order covers what is bought is for the requiring activity to say.")
        best = max((likeness for _, likeness in alike), key=lambda likeness: likeness.score, default=None)
        only_name = not by_identifier and best is not None
        yield rule.finding(
            severity=Severity.ADVISORY if lesser else usual,
            subject=uei,
            values=(
                value_of_action("vendor named in the action", f"{name} ({uei})"),
                *(value_from(record, "order or restriction", written(record.fact)) for record in found),
                *(value_from(item, "waiver", item.fact.document_id) for item in waivers),
            ),
            because=" ".join(because),
            match=Match(score=best.score, compared=best.compared) if only_name and best else None,
        )


def _begun(record: Exclusion, day: date) -> date | None:
    """Since when the record is in force on this day, where it says so."""
    period = record.in_force(day)
    return period.activated if period else None


def _kind(record: Exclusion, day: date) -> str:
    kind = "a FASCSA order" if record.fascsa_order else f"a {record.exclusion_type}"
    return f"{kind} of {record.agency} in force since {_begun(record, day) or 'a day not stated'}"


def _other_side(record: Exclusion, *, defense: bool) -> bool:
    """Whether a FASCSA order comes from the department whose orders this kind of contract does not follow."""
    others = _HOMELAND if defense else _DEFENSE
    agency = f" {normalised(record.agency)} "
    return record.fascsa_order and any(f" {word} " in agency for word in others)


E05 = Rule(
    id="E05",
    title="Security order or prohibition",
    kind=FindingKind.MATCH,
    version=2,
    sources=(Source.DEBARMENT,),
    helped_by=(Source.SAM_GOV, Source.DOCUMENTS),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.ADVISORY
    ),
    authority=Authority(codified="FAR 4.2304", rfo="RFO 40.202, 40.204-1, 52.240-91"),
    comparison="The vendors against FASCSA orders, those published without their agency included, and records of the type Prohibition/Restriction.",
    traps=(
        "Civilian contracts follow orders of DHS, defense contracts those of DoD, unless told otherwise.",
        "Orders are about covered articles and sources; whether they apply depends on what is bought.",
        "A waiver on file makes it advisory.",
        "Contracts in force are to be modified within six months of an order.",
        "A name alone never blocks.",
    ),
    recommended="Ask the requiring activity whether the order covers this purchase, and record the answer.",
    check=order_names_vendor,
)
