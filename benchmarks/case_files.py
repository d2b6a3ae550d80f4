"""Two invented case files with three vendors each: one clean, one with a defect in every system."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

from app.procurement.action import ActionType, ProcurementAction, Vendor, VendorRole
from app.procurement.case_file import CaseFile, Evidence
from app.procurement.contract_facts import (
    AccountingLine,
    Commitment,
    FiledDocument,
    ObligationLine,
    ReportedAction,
    Tas,
)
from app.procurement.facts import Address, Fact
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, Registration

DAY = date(2026, 9, 14)
PIID = "70ZZ0126C0001"
MODIFICATION = "P00003"
NAMES = ("EXAMPLE MARINE LLC", "EXAMPLE PAINT INC", "EXAMPLE HOLDING CORP")
UEIS = ("ZZ9TESTVNDR1", "ZZ9TESTVNDR2", "ZZ9TESTVNDR3")
ROLES = (VendorRole.PRIME, VendorRole.SUBCONTRACTOR, VendorRole.OWNER)
PLACE = Address(line1="1 Example Way", city="Norfolk", state="VA", zip_code="23510", country="USA")
TAS = Tas(agency="070", main="0613", available_from=2026, available_to=2026)
ACTION = ProcurementAction(
    action_id="ACT-2026-0001",
    action_type=ActionType.MODIFICATION,
    piid=PIID,
    modification=MODIFICATION,
    amount=Decimal("250000.00"),
    effective_date=DAY,
    description="Repair of two patrol boats",
    vendors=tuple(
        Vendor(uei=uei, name=name, role=role, cage=f"9ZZ0{number}")
        for number, (uei, name, role) in enumerate(zip(UEIS, NAMES, ROLES, strict=True))
    ),
    reason="A",
    period_start=date(2026, 1, 5),
    period_end=date(2027, 1, 4),
    total_value=Decimal("1200000.00"),
    naics="336611",
    psc="J019",
    pricing="J",
    competition="A",
    set_aside="NONE",
)
SOURCES = {
    Registration: Source.SAM_GOV,
    Exclusion: Source.DEBARMENT,
    ReportedAction: Source.CONTRACTS,
    FiledDocument: Source.DOCUMENTS,
    Commitment: Source.LEDGER,
    ObligationLine: Source.LEDGER,
}


def clean() -> CaseFile:
    """A modification on which all systems agree, with three earlier reports and their documents."""
    return _case(
        *(_registration(number) for number in range(3)),
        *(_report(number) for number in range(4)),
        *(_document(kind) for kind in ("SF-30", "AVFUNDS", "SAMCHK", "SBSP", "PNM", "JA", "RESP", "COR")),
        *(_line(number) for number in range(4)),
        Commitment(pr_number="PR-26-1", amount=ACTION.amount, status="certified", certified_at=DAY, tas=TAS),
    )


def award() -> CaseFile:
    """A new award on which all systems agree, with no history, its own documents and one line."""
    papers = (
        replace(_document(kind), modification=None) for kind in ("AVFUNDS", "SAMCHK", "SBSP", "PNM", "RESP")
    )
    instrument = replace(_document("SF-30"), doc_type="SF-1449", document_id="DOC-SF-1449", modification=None)
    report = replace(_report(0), signed=DAY, reported=DAY)
    whole = clean()
    action = replace(ACTION, action_type=ActionType.NEW_AWARD, modification=None, reason=None)
    facts = (*(_registration(number) for number in range(3)), report, instrument, *papers, _line(0))
    return replace(_case(*facts, whole.evidence[-1].fact), action=action)


def flawed() -> CaseFile:
    """The modification with a lapsed registration, two exclusions, a missing document and amounts that differ."""
    kept = [item.fact for item in clean().evidence[1:-1]]
    lapsed = replace(_registration(0), status="Expired", expires=date(2026, 8, 1))
    wrong = [
        replace(fact, obligated=fact.obligated + 7) if isinstance(fact, ObligationLine) else fact
        for fact in kept
        if not (isinstance(fact, FiledDocument) and fact.doc_type == "AVFUNDS")
    ]
    return _case(lapsed, *wrong, *(_exclusion(number) for number in range(2)))


def _case(*facts: Fact) -> CaseFile:
    pulled = datetime(2026, 9, 14, 14, 0, tzinfo=UTC)
    evidence = tuple(
        Evidence(
            evidence_id=uuid4(),
            source=SOURCES[type(fact)],
            record_key=f"record {number}",
            fact=fact,
            pulled_at=pulled,
        )
        for number, fact in enumerate(facts)
    )
    return CaseFile(action=ACTION, evidence=evidence, as_of=pulled)


def _registration(number: int) -> Registration:
    return Registration(
        uei=UEIS[number],
        legal_name=NAMES[number],
        status="Active",
        expires=date(2027, 1, 31),
        cage=f"9ZZ0{number}",
        address=PLACE,
        exclusion_flag="N",
        debt_flag="N",
    )


def _exclusion(number: int) -> Exclusion:
    return Exclusion(
        uei=UEIS[number] if number else None,
        name=NAMES[number],
        exclusion_type="Ineligible (Proceedings Pending)",
        program="Reciprocal",
        agency="GSA",
        activated=date(2026, 1, 1),
        terminated=None,
        address=PLACE,
    )


def _report(number: int) -> ReportedAction:
    total = Decimal(250000) * (number + 1)
    return ReportedAction(
        piid=PIID,
        modification=f"P{number:05}" if number else "0",
        obligated=Decimal("250000.00"),
        signed=DAY if number == 3 else date(2026, 1 + number, 5),
        reported=DAY if number == 3 else date(2026, 1 + number, 6),
        total_obligated=total,
        total_exercised=Decimal("1200000.00"),
        total_all_options=Decimal("1200000.00"),
        period_start=date(2026, 1, 5),
        current_completion=date(2027, 1, 4),
        ultimate_completion=date(2027, 1, 4),
        uei=UEIS[0],
        vendor_name=NAMES[0],
        naics="336611",
        psc="J019",
        pricing="J",
        competition="A",
        set_aside="NONE",
        size="O",
        subcontract_plan="F",
        reason="A" if number else None,
    )


def _document(kind: str) -> FiledDocument:
    instrument = kind == "SF-30"
    return FiledDocument(
        document_id=f"DOC-{kind}",
        doc_type=kind,
        status="final",
        amount=ACTION.amount if instrument else None,
        piid=PIID,
        modification=MODIFICATION,
        co_signed=DAY,
        contractor_signed=DAY if instrument else None,
        effective=DAY if instrument else None,
        vendor_uei=UEIS[0],
        printed_name=NAMES[0] if instrument else None,
        accounting=(AccountingLine(acrn="AA", tas=TAS, amount=ACTION.amount),) if instrument else (),
        considers_integrity=kind == "RESP",
        checked=DAY if kind in {"SAMCHK", "RESP"} else None,
    )


def _line(number: int) -> ObligationLine:
    return ObligationLine(
        document_number=PIID,
        piid=PIID,
        modification=f"P{number:05}" if number else "0",
        obligated=Decimal("250000.00"),
        deobligated=Decimal(0),
        vendor_uei=UEIS[0],
        acrn="AA",
        tas=TAS,
        fund_type="annual",
        fund_status="current",
        posted=DAY,
    )
