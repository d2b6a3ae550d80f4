"""The ledger's two views. Amounts are positive for obligations, the opposite of the sign DATA Act file C uses."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, RootModel

from app.procurement.contract_facts import Commitment, ObligationLine
from workers.payloads.accounting import TasLabel
from workers.payloads.notation import Money


class _Row(BaseModel):
    """Columns come typed from the database; what the view no longer has, or has otherwise, is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CommitmentRow(_Row):
    """Funds reserved by a purchase request."""

    pr_number: str
    amount: Money
    status: Literal["certified", "pending", "withdrawn"]
    certified_at: date | None
    expires: date | None
    tas: TasLabel
    overage: Money

    def to_fact(self) -> Commitment:
        """The commitment as the rules read it."""
        return Commitment(**dict(self))


class ObligationRow(_Row):
    """One obligation line."""

    document_number: str
    piid: str
    modification: str
    acrn: str
    clin: str
    vendor_uei: str
    tas: TasLabel
    fund_type: Literal["annual", "multi-year", "no-year"]
    fund_status: Literal["current", "expired", "cancelled"]
    object_class: str
    fiscal_year: int
    obligated: Money
    deobligated: Money
    expended: Money
    posted: date | None

    @property
    def record_key(self) -> str:
        """The ledger's own key."""
        return f"{self.document_number}/{self.acrn}/{self.clin}"

    def to_fact(self) -> ObligationLine:
        """The line as the rules read it."""
        return ObligationLine(**dict(self))


class Commitments(RootModel[list[CommitmentRow]]):
    """All rows of one select."""


class ObligationLines(RootModel[list[ObligationRow]]):
    """All rows of one select."""
