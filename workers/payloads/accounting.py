"""Treasury account symbols: by component, as labels, and as the contract system writes them."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.procurement.contract_facts import Tas
from workers.payloads.notation import Payload, RequiredIdentifier, Text

_LABEL = re.compile(
    r"(?:(?P<ata>\d{1,3})-)?(?P<aid>\d{1,3})-(?:(?P<bpoa>\d{4})/(?P<epoa>\d{4})|X)-(?P<main>\d{1,4})-(?P<sub>\d{1,3})"
)


class TasComponents(Payload):
    """`availability_type` X (no-year) stands in place of the two fiscal years."""

    ata: Text = None
    aid: RequiredIdentifier
    bpoa: Text = None
    epoa: Text = None
    availability_type: Text = None
    main: RequiredIdentifier
    sub: Text = None

    def to_fact(self) -> Tas:
        """With the leading zeros that some systems leave off."""
        return tas(
            ata=self.ata,
            aid=self.aid,
            years=None if self.availability_type == "X" else (self.bpoa, self.epoa),
            main=self.main,
            sub=self.sub,
        )


class TreasuryAccount(Payload):
    """As the contract system writes it."""

    agency: RequiredIdentifier = Field(alias="agencyIdentifier")
    main: RequiredIdentifier = Field(alias="mainAccountCode")
    sub: Text = Field(default=None, alias="subAccountCode")
    allocation_transfer: Text = Field(default=None, alias="allocationTransferAgencyIdentifier")
    begins: Text = Field(default=None, alias="beginningPeriodOfAvailability")
    ends: Text = Field(default=None, alias="endingPeriodOfAvailability")

    def to_fact(self) -> Tas:
        """With the leading zeros that some systems leave off."""
        return tas(
            ata=self.allocation_transfer,
            aid=self.agency,
            years=(self.begins, self.ends),
            main=self.main,
            sub=self.sub,
        )


def tas(
    *, ata: str | None, aid: str, years: tuple[str | None, str | None] | None, main: str, sub: str | None
) -> Tas:
    """A symbol from its components. One fiscal year stands for both where the other is missing."""
    first, last = years or (None, None)
    return Tas(
        agency=aid.zfill(3),
        main=main.zfill(4),
        sub=(sub or "").zfill(3),
        allocation_transfer=ata.zfill(3) if ata else None,
        available_from=_year(first or last),
        available_to=_year(last or first),
    )


def _year(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _from_label(value: object) -> Any:
    if value is None or isinstance(value, Tas):
        return value
    found = _LABEL.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("is not a Treasury account symbol like 070-2026/2026-0613-000")
    years = (found["bpoa"], found["epoa"]) if found["epoa"] else None
    return tas(ata=found["ata"], aid=found["aid"], years=years, main=found["main"], sub=found["sub"])


#: A label such as 070-2026/2026-0613-000, or with X in place of the years.
TasLabel = Annotated[Tas | None, BeforeValidator(_from_label)]
