"""E01, E03: exclusion records with an identifier of a vendor, and the exclusion flag."""

from collections.abc import Iterator

from app.procurement.calendar import business_days_after
from app.procurement.case_file import CaseFile
from app.procurement.contract_facts import ReportedAction
from app.procurement.finding import Authority, Finding, Severity, no_value, value_from, value_of_action
from app.procurement.instrument_numbers import same_contract
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support import file_documents
from app.procurement.rules.support.contract_history import earlier_reports
from app.procurement.rules.support.exclusion_record import about, active, limited_to, written
from app.procurement.rules.support.vendor_identity import is_registered, roles, rows_of
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion

#: Type of the document that holds an agency head's compelling reason to deal with an excluded firm.
COMPELLING_REASON = "COMPELLING"
#: Business days within which agencies enter an exclusion in SAM.gov, and within which they update it.
_TO_ENTER, _TO_UPDATE = 3, 5


def identifier_match(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E01: an exclusion record that is active on the day of the action carries a vendor's UEI or CAGE.

    FAR 9.405(a), (b), (e), 9.405-1(a)(2), 17.207(c)(5); RFO 9.405, 9.405-1(a)(2)(iii), 17.204-1(b)(3)(iii). A hit is
    not a verdict: type and program of the record decide what it bars. A modification that adds no work and no time may
    go on (FAR 9.405-1(a)(1)) and is advisory, as is an action with a compelling reason on file.

    What an exclusion bars is new work, options, longer performance and orders above the minimum (FAR 9.405-1(b)).
    Funding the next increment of work agreed before is none of these, so it is advisory: a modification that is funding
    only (reason C) and stays within the value of base and exercised options as last reported. Where no report shows that
    value, any money blocks.
    """
    action = case.action
    records = active(case)
    for party in action.parties if records else ():
        hits = about(case, party, records)
        if not hits:
            continue
        reasons = file_documents.on_file(case, COMPELLING_REASON)
        name, uei = party[0].name, party[0].uei
        limits = [limited_to(record.fact) for record, _ in hits]
        remarks = sorted({f"Of the record: {limit}." for limit in limits if limit})
        lesser = all(limits)
        if not _adds_work(case):
            lesser = True
            what = "only funds work agreed before" if action.amount > 0 else "adds no work"
            remarks.append(f"The action {what}; current contracts may continue.")
        if reasons:
            lesser = True
            remarks.append("A determination of a compelling reason is on file.")
            if action.defense:
                remarks.append("DoD also notifies GSA of it (10 U.S.C. 4654).")
        if action.is_order and action.is_new:
            remarks.append("Orders up to the guaranteed minimum may still be placed.")
        kinds = "; ".join(
            f"{record.fact.exclusion_type}, {record.fact.program}, by {record.fact.agency} ({shared})"
            for record, shared in hits
        )
        yield rule.finding(
            severity=Severity.ADVISORY if lesser else Severity.BLOCKING,
            subject=uei,
            values=(
                value_of_action(f"{roles(party)} named in the action", f"{name} ({uei})"),
                *(value_from(record, "exclusion record", written(record.fact)) for record, _ in hits),
                *(
                    value_from(item, "compelling reason", f"{item.fact.document_id}, {item.fact.status}")
                    for item in reasons
                ),
            ),
            because=f"The action names {name} as {roles(party)}; its identifier is on an exclusion record active on"
            f" {action.effective_date}: {kinds}.{''.join(f' {remark}' for remark in remarks)}",
        )


def flag_and_list_disagree(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E03: the exclusion flag of a vendor's registration and the list of exclusions say different things.

    FAR 9.405(a), 9.404(c)(3); RFO 9.405, 9.404(c)(3). The flag follows the list with a delay: agencies have three
    business days to enter a record and five to change one, so a record that fresh makes the finding advisory.
    """
    for party in case.action.parties:
        name, uei = party[0].name, party[0].uei
        rows = [row for row in rows_of(case, uei) if is_registered(row.fact)]
        if not rows:
            continue
        flagged = any(row.fact.exclusion_flag == "Y" for row in rows)
        records = about(case, party, active(case) if not flagged else case.of(Exclusion))
        # A flag that could not be read, or a list that was not searched by UEI, disagrees with nothing.
        told = (
            case.was_told(Source.DEBARMENT, uei)
            if flagged
            else case.was_told(Source.SAM_GOV, uei, "exclusionStatusFlag")
        )
        if flagged == bool(records) or not told:
            continue
        flag = "Y" if flagged else " and ".join(sorted({row.fact.exclusion_flag or "empty" for row in rows}))
        listed = "has no record of it" if flagged else f"has {len(records)} of it"
        begun = (
            period for record, _ in records if (period := record.fact.in_force(case.action.effective_date))
        )
        settling = any(
            business_days_after(period.activated, _TO_UPDATE) >= case.day
            for period in begun
            if period.activated
        )
        lag = (
            f" Agencies have {_TO_ENTER} business days to enter an exclusion and {_TO_UPDATE} to update it, and the"
            " flag follows later: re-pull both."
        )
        yield rule.finding(
            severity=Severity.ADVISORY if settling else rule.severities.of(case.action) or Severity.ADVISORY,
            subject=uei,
            values=(
                *(
                    value_from(row, f"{name}: exclusion flag", row.fact.exclusion_flag or "empty")
                    for row in rows
                ),
                *(value_from(record, "exclusion record", written(record.fact)) for record, _ in records),
                *(() if records else (no_value(Source.DEBARMENT, "exclusion record"),)),
            ),
            because=f"The registration of {name} ({uei}) has the exclusion flag {flag}; the list of exclusions"
            f" {listed}.{lag}",
        )


def _adds_work(case: CaseFile) -> bool:
    """Whether the action adds additional work (reason A) or time, or money for more than is agreed already."""
    action = case.action
    ends = [
        item.fact.current_completion
        for item in case.of(ReportedAction)
        if same_contract(item.fact.piid, action.piid) and item.fact.current_completion
    ]
    extends = bool(action.period_end and ends and action.period_end > max(ends))
    more = action.adds_work and not _funds_agreed_work(case)
    return more or action.reason == "A" or extends


def _funds_agreed_work(case: CaseFile) -> bool:
    """A modification that is funding only, within the value exercised before it."""
    action = case.action
    if not action.is_modification or action.reason != "C":
        return False
    earlier = [item.fact for item in earlier_reports(case) if item.fact.total_exercised]
    if not earlier or earlier[-1].total_obligated is None or earlier[-1].total_exercised is None:
        return False
    return earlier[-1].total_obligated + action.amount <= earlier[-1].total_exercised


E01 = Rule(
    id="E01",
    title="Active exclusion, identifier match",
    kind=FindingKind.MATCH,
    version=4,
    sources=(Source.DEBARMENT,),
    helped_by=(Source.SAM_GOV, Source.CONTRACTS, Source.DOCUMENTS),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(
        codified="FAR 9.405(a), (b), (e), 9.405-1(a)(2), 17.207(c)(5)",
        rfo="RFO 9.405, 9.405-1(a)(2)(iii), 17.204-1(b)(3)(iii)",
    ),
    comparison="UEI and CAGE of every vendor against active exclusion records, their further locations included.",
    traps=(
        "A modification that adds no work, money or time may go on: current contracts may continue.",
        "Funding only, within the value exercised before, pays for work agreed already: advisory.",
        "Type, program and remarks of the record decide what it bars; a hit is not a verdict.",
        "Cause-and-treatment code H bars a facility, not the firm.",
        "An exclusion that begins after the day of the action, or ended before it, does not count.",
        "Of several periods of one record any that is in force on the day counts.",
        "A compelling reason on file makes it advisory; DoD also notifies GSA.",
        "Placeholders such as N/A or 00000 are no identifiers.",
    ),
    recommended="Stop, read the record and its scope, ask the excluding agency and counsel, document the result.",
    check=identifier_match,
)

E03 = Rule(
    id="E03",
    title="Exclusion flag and list disagree",
    version=3,
    sources=(Source.SAM_GOV, Source.DEBARMENT),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.BLOCKING
    ),
    authority=Authority(codified="FAR 9.405(a), 9.404(c)(3)", rfo="RFO 9.405, 9.404(c)(3)"),
    comparison="The exclusion flag of the registration against the list of exclusions.",
    traps=(
        "The flag follows the list with a delay; a record of the last five business days is advisory.",
        "Agencies have three business days to enter an exclusion and five to update it.",
        "The flag of older answers is not dependable: the list decides, and both pulls are kept.",
        "An assigned identifier without registration carries no flag.",
    ),
    recommended="Re-pull both, look the vendor up on sam.gov, and keep both pulls in the file.",
    check=flag_and_list_disagree,
)
