"""Builders of case files. Session-wide, so that properties may use them for every example."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from app.procurement.action import ActionType, ProcurementAction, Vendor, VendorRole
from app.procurement.case_file import CaseFile, Evidence, Gap
from app.procurement.contract_facts import Commitment, FiledDocument, ObligationLine, ReportedAction
from app.procurement.rules import evaluate
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, HiddenEntity, Registration, UnreadValue

SOURCES = {
    Registration: Source.SAM_GOV,
    HiddenEntity: Source.SAM_GOV,
    UnreadValue: Source.SAM_GOV,
    Exclusion: Source.DEBARMENT,
    ReportedAction: Source.CONTRACTS,
    FiledDocument: Source.DOCUMENTS,
    Commitment: Source.LEDGER,
    ObligationLine: Source.LEDGER,
}
KEYS = ("document_id", "pr_number", "document_number", "piid", "uei", "name")
AWARD = ProcurementAction(
    action_id="ACT-2026-0001",
    action_type=ActionType.NEW_AWARD,
    piid="70ZZ0126C0001",
    modification=None,
    amount=Decimal("250000.00"),
    effective_date=date(2026, 9, 14),
    description="Repair of two patrol boats",
    vendors=(
        Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE", role=VendorRole.PRIME),
        Vendor(uei="ZZ9TESTVNDR2", name="EXAMPLE PAINT", role=VendorRole.SUBCONTRACTOR),
        Vendor(uei="ZZ9TESTVNDR3", name="EXAMPLE HOLDING", role=VendorRole.OWNER),
    ),
)


@pytest.fixture(scope="session")
def award():
    return AWARD


@pytest.fixture(scope="session")
def modification():
    return replace(AWARD, action_type=ActionType.MODIFICATION, modification="P00001")


@pytest.fixture(scope="session")
def option():
    return replace(AWARD, action_type=ActionType.OPTION, modification="P00002")


@pytest.fixture(scope="session")
def stated():
    """Facts as evidence, each under the key its source would use."""

    def build(*stated_facts):
        return tuple(
            Evidence(
                evidence_id=uuid4(),
                source=SOURCES[type(fact)],
                record_key=next((key for name in KEYS if (key := getattr(fact, name, None))), "opted out"),
                fact=fact,
                pulled_at=datetime(2026, 9, 13, 20, 0, tzinfo=UTC),
            )
            for fact in stated_facts
        )

    return build


@pytest.fixture(scope="session")
def findings(stated):
    """What the rules find about an action and facts, optionally of one rule only."""

    def find(action, *stated_facts, silent=(), rule=None):
        gaps = tuple(Gap(source=source, reason="HTTP 500") for source in silent)
        found = evaluate(CaseFile(action=action, evidence=stated(*stated_facts), gaps=gaps))
        return [each for each in found if rule in {None, each.rule}]

    return find


@pytest.fixture(scope="session")
def registration():
    def build(uei="ZZ9TESTVNDR1", *, status="Active", expires=date(2027, 1, 31)):
        return Registration(uei=uei, legal_name="EXAMPLE MARINE", status=status, expires=expires)

    return build


@pytest.fixture(scope="session")
def document():
    def build(
        doc_type="SF-1449",
        *,
        status="final",
        amount="250000.00",
        signed=date(2026, 9, 12),
        piid=AWARD.piid,
        modification=None,
        document_id=None,
    ):
        return FiledDocument(
            document_id=document_id or f"DOC-{doc_type}",
            doc_type=doc_type,
            status=status,
            amount=None if amount is None else Decimal(amount),
            piid=piid,
            modification=modification,
            co_signed=signed,
        )

    return build


@pytest.fixture(scope="session")
def report():
    def build(amount="250000.00", *, piid=AWARD.piid, modification="0"):
        return ReportedAction(piid=piid, modification=modification, obligated=Decimal(amount), signed=None)

    return build


@pytest.fixture(scope="session")
def line():
    def build(obligated="250000.00", *, deobligated="0.00", modification="0", number="70ZZ0126C0001"):
        return ObligationLine(
            document_number=number,
            piid=AWARD.piid,
            modification=modification,
            obligated=Decimal(obligated),
            deobligated=Decimal(deobligated),
            vendor_uei="ZZ9TESTVNDR1",
        )

    return build


@pytest.fixture(scope="session")
def commitment():
    def build(amount="250000.00", *, status="certified", number="PR-26-00001"):
        return Commitment(
            pr_number=number, amount=Decimal(amount), status=status, certified_at=date(2026, 8, 20)
        )

    return build


@pytest.fixture(scope="session")
def clean(registration, document, report, line, commitment):
    """Facts under which a new award has no finding at all."""
    return (
        registration("ZZ9TESTVNDR1"),
        registration("ZZ9TESTVNDR2"),
        document(),
        document("AVFUNDS"),
        document("SAMCHK", amount=None),
        report(),
        line(),
        commitment(),
    )
