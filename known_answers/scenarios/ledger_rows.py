"""Rows of the financial ledger. Amounts are positive for an obligation."""

from typing import Literal

from known_answers.scenarios.formats import Code, Day, ModificationNumber, Money, PaymentUei, Piid, Shape, Tas


class CommitmentRow(Shape):
    """Funds reserved by a purchase request; available once certified."""

    pr_number: str
    piid: Piid
    modification_number: ModificationNumber
    amount: Money
    certified_by: str | None
    certified_at: Day | None
    expires: Day | None = None
    status: Literal["certified", "pending", "withdrawn"]
    tas: Tas
    overage: Money = "0.00"


class ObligationRow(Shape):
    """One accounting line."""

    document_number: str
    piid: Piid
    modification_number: ModificationNumber
    acrn: Code
    clin: Code
    vendor_uei: PaymentUei
    tas: Tas
    fund_type: Literal["annual", "multi-year", "no-year"]
    fund_status: Literal["current", "expired", "cancelled"]
    cancel_date: Day | None
    object_class: Code
    program_activity: Code
    fiscal_year: int
    obligated: Money
    expended: Money
    deobligated: Money
    gl_post_date: Day


class Ledger(Shape):
    """The ledger's rows about one action."""

    commitments: list[CommitmentRow]
    obligation_lines: list[ObligationRow]
