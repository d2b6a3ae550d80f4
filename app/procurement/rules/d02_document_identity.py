"""D02: documents print and sign what the file says they do."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.contract_facts import Commitment
from app.procurement.facts import Fact
from app.procurement.finding import Authority, Defect, Finding, Severity, value_from, value_of_action
from app.procurement.instrument_numbers import AWARD, same_modification
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support.file_documents import Filed, filed, instrument_types
from app.procurement.rules.support.printed_numbers import alike, names_contract, uei_problem
from app.procurement.rules.support.required_documents import FUNDS_LATER
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source

#: New agreement, supplemental agreement, definitizations, novation: both parties sign.
_BILATERAL = frozenset({"A", "B", "H", "J", "L"})
#: Novation and change of name or UEI: the other identifier is printed for a reason.
_RENAMED = frozenset({"J", "V"})
#: What the contracting officer signs besides the instrument.
_OWN_PAPERS = frozenset({"JA", "OPT_DF", "RESP"})


def defects(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """D02: a document's page names another contract, modification or vendor, or its signatures do not hold.

    FAR 4.101, 43.102, 43.103; RFO 4.206, 4.207, 43.202. Blocking on the instrument, advisory elsewhere. An instrument
    that nobody signed is absent, and so for D01.
    """
    documents = [item for item in filed(case) if item.fact.status == "final"]
    types = instrument_types(case.action)
    by_type: defaultdict[str, list[Defect]] = defaultdict(list)
    for item in documents:
        for defect in (*_printed(case, item), *_signatures(case, item, documents)):
            by_type[item.fact.doc_type].append(defect)
    for doc_type, found in sorted(by_type.items()):
        grave = doc_type in types and any(defect.certain for defect in found)
        unsure = (
            "" if all(defect.certain for defect in found) else " Look at the page: a letter may be misread."
        )
        yield rule.finding(
            severity=Severity.BLOCKING if grave else Severity.ADVISORY,
            subject=f"{case.action.piid}:{doc_type}",
            values=tuple(value for defect in found for value in defect.values),
            because=f"{doc_type} of {case.action.piid} modification {case.action.modification_number}:"
            f" {listed([defect.words for defect in found], last='and')}.{unsure}",
        )


def _printed(case: CaseFile, item: Filed) -> Iterator[Defect]:
    document, action = item.fact, case.action
    if document.printed_piid and not names_contract(document.printed_piid, action):
        yield Defect(
            f"the page names contract {document.printed_piid}, the file {document.piid}",
            (
                value_from(item, "PIID on the page", document.printed_piid),
                value_from(item, "PIID in the file", document.piid),
            ),
            certain=not alike(document.printed_piid, action.piid),
        )
    if document.printed_modification and not same_modification(
        document.printed_modification, action.modification_number
    ):
        yield Defect(
            f"the page names modification {document.printed_modification},"
            f" the file {document.modification or 'the award'}",
            (
                value_from(item, "modification on the page", document.printed_modification),
                value_from(item, "modification in the file", document.modification or AWARD),
            ),
            certain=not alike(document.printed_modification, action.modification_number),
        )
    if not document.printed_uei:
        return
    if document.doc_type in instrument_types(action):
        expected = {action.prime.uei}
    else:
        expected = {vendor.uei for vendor in action.vendors} | {document.vendor_uei or action.prime.uei}
    renamed = action.is_modification and action.reason in _RENAMED
    problem = None if renamed else uei_problem(document.printed_uei, expected)
    if problem is not None:
        yield Defect(
            f"the page names vendor {document.printed_uei}, the action {listed(sorted(expected), last='or')}",
            (
                value_from(item, "UEI on the page", document.printed_uei),
                value_of_action("UEI in the action", listed(sorted(expected), last="or")),
            ),
            certain=problem == "other",
        )


def _signatures(case: CaseFile, item: Filed, documents: list[Filed]) -> Iterator[Defect]:
    document, action = item.fact, case.action
    instrument = document.doc_type in instrument_types(action)
    signed = document.co_signed
    if (
        document.sha256
        and document.signed_sha256
        and document.sha256.lower() != document.signed_sha256.lower()
    ):
        yield Defect(
            "its content is not what was signed, the digests differ",
            (
                value_from(item, "digest of the content", document.sha256),
                value_from(item, "digest signed", document.signed_sha256),
            ),
        )
    if signed is None and (
        document.doc_type in _OWN_PAPERS
        or (
            instrument
            and any(other.fact.co_signed for other in documents if other.fact.doc_type == document.doc_type)
        )
    ):
        yield Defect(
            "it is not signed by the contracting officer",
            (
                value_of_action("signature needed", "the contracting officer's"),
                value_from(item, "signed by the contracting officer", "no"),
            ),
        )
    if not instrument or signed is None:
        return
    bilateral = action.is_modification and not action.unilateral and action.reason in _BILATERAL
    if bilateral and document.contractor_signed is None:
        yield Defect(
            f"it is a bilateral modification (reason {action.reason}) and the contractor has not signed it",
            (
                value_from(item, "signed by the contracting officer", str(signed)),
                value_from(item, "signed by the contractor", "no"),
            ),
        )
    certified = None if FUNDS_LATER & action.clauses else _certified(case, documents)
    if certified is not None and signed < certified[0]:
        day, words, paper = certified
        yield Defect(
            f"it was signed on {signed}, funds were certified on {day}",
            (
                value_from(item, "signed by the contracting officer", str(signed)),
                value_from(paper, words, str(day)),
            ),
        )


def _certified(case: CaseFile, documents: list[Filed]) -> tuple[date, str, EvidenceOf[Fact]] | None:
    """The day by which the whole amount was certified, and what says so: the ledger, else the certificate on file."""
    if case.action.amount <= 0:
        return None
    total = Decimal(0)
    commitments = [
        (item.fact.certified_at, item)
        for item in case.of(Commitment)
        if item.fact.status == "certified" and item.fact.certified_at is not None
    ]
    for day, item in sorted(commitments, key=lambda pair: (pair[0], pair[1].record_key)):
        total += item.fact.amount
        if total >= case.action.amount:
            return day, "funds certified in full", item
    if commitments:
        return None
    papers = [
        (certified, item)
        for item in documents
        if item.fact.doc_type == "AVFUNDS"
        and (certified := item.fact.checked or item.fact.co_signed) is not None
    ]
    if not papers:
        return None
    first, paper = min(papers, key=lambda pair: (pair[0], pair[1].record_key))
    return first, "funds certified", paper


D02 = Rule(
    id="D02",
    title="Document identity or signature defect",
    version=1,
    sources=(Source.DOCUMENTS,),
    helped_by=(Source.LEDGER,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(codified="FAR 4.101, 43.102, 43.103", rfo="RFO 4.206, 4.207, 43.202"),
    comparison="Numbers and vendor on the page, signatures and digests against the file, the action and the funds.",
    traps=(
        "A unilateral modification needs no contractor's signature.",
        "The effective date may differ from the day of signature.",
        "A letter that may be misread (O and 0, I and 1) is advisory; show the page.",
        "Hyphens, blanks and leading zeros do not make another number.",
        "An order may be printed with the number of its vehicle before its own.",
        "A nine-digit number is an old identifier, no other vendor; four more characters are an EFT suffix.",
        "A novation or change of name prints another vendor for a reason.",
        "A clause that makes the action subject to funds allows signature before certification.",
        "Documents about a subcontractor or owner name that firm.",
        "Drafts and superseded versions are not judged.",
    ),
    recommended="Issue the document again.",
    check=defects,
)
