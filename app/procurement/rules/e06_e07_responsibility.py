"""E06, E07: integrity records that the file does not consider, and debt."""

from collections.abc import Iterator
from datetime import date

from app.procurement.action import Payment
from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.finding import Authority, Finding, Severity, value_from, value_of_action
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support import file_documents
from app.procurement.rules.support.value_text import money
from app.procurement.rules.support.vendor_identity import rows_of
from app.procurement.systems import Source
from app.procurement.thresholds import MICRO_PURCHASE, SIMPLIFIED_ACQUISITION, in_force
from app.procurement.vendor_facts import HiddenEntity, IntegrityFacts

RESPONSIBILITY = "RESP"
_YEARS = 5


def integrity_not_addressed(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E06: SAM.gov has integrity records or proceedings of the prime, and the file does not show they were considered.

    FAR 9.104-6(a), (d), 9.105-2(b); RFO 9.104-6(a), (d), 9.105-2(b). Above the simplified acquisition threshold, and
    for records of the last five years; those without a date count.
    """
    action, prime = case.action, case.action.prime
    value, threshold = action.value, in_force(SIMPLIFIED_ACQUISITION, action.threshold_date)
    if value <= threshold:
        return
    since = _years_before(action.effective_date)
    hidden = (item for item in case.of(HiddenEntity) if item.fact.uei == prime.uei)
    known: list[EvidenceOf[IntegrityFacts]] = [*rows_of(case, prime.uei), *hidden]
    rows = [row for row in known if _has_recent(row.fact, since)]
    if not rows:
        return
    determinations = [
        item
        for item in file_documents.on_file(case, RESPONSIBILITY)
        if item.fact.vendor_uei in {None, prime.uei}
    ]
    if any(item.fact.considers_integrity for item in determinations):
        return
    what = (
        "the responsibility determination on file does not mention them"
        if determinations
        else "the file holds no responsibility determination that mentions them"
    )
    yield rule.finding(
        severity=rule.severities.of(action) or Severity.ADVISORY,
        subject=prime.uei,
        values=(
            value_of_action("value of the action", money(value)),
            *(value_from(row, f"{prime.name}: integrity information", _written(row.fact)) for row in rows),
            *(
                value_from(
                    item, "responsibility determination", f"{item.fact.document_id}, {item.fact.status}"
                )
                for item in determinations
            ),
        ),
        because=f"SAM.gov has integrity information on {prime.name} ({prime.uei}): {_written(rows[0].fact)}; {what}."
        f" The value {money(value)} is above the simplified acquisition threshold of {money(threshold)}. Records can be"
        " resolved or irrelevant; the file says so then.",
    )


def debt_flag(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E07: SAM.gov flags a debt of the prime that is subject to offset.

    FAR 32.1108(b)(2); RFO 32.1108(b)(2). The flag must not be used to deny an award or order, so it never blocks; it
    only rules out payment by purchase card above the micro-purchase threshold.
    """
    action, prime = case.action, case.action.prime
    rows = [row for row in rows_of(case, prime.uei) if row.fact.debt_flag == "Y"]
    if not rows:
        return
    limit = in_force(MICRO_PURCHASE, action.threshold_date)
    by_card = action.payment is Payment.PURCHASE_CARD
    if by_card and action.amount > limit:
        payment = (
            f"The planned payment by purchase card is not allowed above {money(limit)}; the action is for"
            f" {money(action.amount)}."
        )
    elif by_card:
        payment = f"Payment by purchase card is allowed up to {money(limit)}."
    else:
        payment = "Payment is planned by electronic funds transfer, which the flag allows."
    yield rule.finding(
        severity=Severity.ADVISORY,
        subject=prime.uei,
        values=(
            value_of_action("planned payment", f"{action.payment.value}, {money(action.amount)}"),
            *(value_from(row, f"{prime.name}: debt subject to offset", "Y") for row in rows),
        ),
        because=f"SAM.gov flags a debt of {prime.name} ({prime.uei}) as subject to offset. {payment} The flag is no"
        " reason to deny an award or order.",
    )


def _has_recent(integrity: IntegrityFacts, since: date) -> bool:
    """Whether a record is of the last years; a record without a date counts."""
    records = integrity.integrity_records
    undated = integrity.integrity_count > len(records) or any(record.recorded is None for record in records)
    recent = any(record.recorded is not None and record.recorded >= since for record in records)
    latest = integrity.proceedings_latest
    return undated or recent or (integrity.proceedings and (latest is None or latest >= since))


def _written(integrity: IntegrityFacts) -> str:
    count = max(integrity.integrity_count, len(integrity.integrity_records))
    kinds = ", ".join(
        sorted(f"{record.kind} of {record.recorded or 'no date'}" for record in integrity.integrity_records)
    )
    records = f"{count} record(s)" + (f" ({kinds})" if kinds else "")
    return f"{records}, proceedings reported: {'yes' if integrity.proceedings else 'no'}"


def _years_before(day: date) -> date:
    """The same day five years earlier; 28 February for a 29th."""
    try:
        return day.replace(year=day.year - _YEARS)
    except ValueError:
        return date(day.year - _YEARS, 2, 28)


E06 = Rule(
    id="E06",
    title="Integrity record not addressed",
    kind=FindingKind.CONDITION,
    version=2,
    sources=(Source.SAM_GOV, Source.DOCUMENTS),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.ADVISORY
    ),
    authority=Authority(codified="FAR 9.104-6(a), (d), 9.105-2(b)", rfo="RFO 9.104-6(a), (d), 9.105-2(b)"),
    comparison="Integrity records and proceedings in SAM.gov, those of an entity that opted out of display included, against the responsibility determination on file.",
    traps=(
        "Records older than five years do not count.",
        "Resolved or unrelated records can be irrelevant; the file then says so.",
        "At or below the simplified acquisition threshold of the day there is nothing to document.",
        "A combined memo that mentions the records is enough.",
    ),
    recommended="Get the contractor's comments on the records, and document how they were considered.",
    check=integrity_not_addressed,
)

E07 = Rule(
    id="E07",
    title="Debt flag set",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.SAM_GOV,),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 32.1108(b)(2)", rfo="RFO 32.1108(b)(2)"),
    comparison="The debt flag of the registration against the planned payment.",
    traps=("The flag must not be used to deny an award or order: it never blocks.",),
    recommended="Pay by electronic funds transfer.",
    check=debt_flag,
)
