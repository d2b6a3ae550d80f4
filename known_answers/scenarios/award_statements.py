"""Builds rows of the contract system: awards, modifications, and vehicles for orders."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from known_answers.scenarios.coding import Coding, named
from known_answers.scenarios.contract_statements import fiscal_year, money
from known_answers.scenarios.formats import JsonObject

REASONS = {
    "A": "ADDITIONAL WORK (NEW AGREEMENT, FAR PART 6 APPLIES)",
    "B": "SUPPLEMENTAL AGREEMENT FOR WORK WITHIN SCOPE",
    "C": "FUNDING ONLY ACTION",
    "D": "CHANGE ORDER",
    "E": "TERMINATE FOR DEFAULT",
    "F": "TERMINATE FOR CONVENIENCE",
    "G": "EXERCISE AN OPTION",
    "J": "NOVATION AGREEMENT",
    "K": "CLOSE OUT",
    "M": "OTHER ADMINISTRATIVE ACTION",
    "N": "LEGAL CONTRACT CANCELLATION",
    "P": "REREPRESENTATION OF NON-NOVATED MERGER",
    "R": "REREPRESENTATION",
    "S": "CHANGE PIID",
    "T": "TRANSFER ACTION",
    "V": "VENDOR UEI OR NAME CHANGE - NON-NOVATION",
    "W": "VENDOR ADDRESS CHANGE",
    "X": "TERMINATE FOR CAUSE",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The amounts of a contract up to and including an action; by default, options count as obligated."""

    obligated: Decimal
    exercised: Decimal | None = None
    all_options: Decimal | None = None

    def as_row(self) -> JsonObject:
        """The amounts under the service's field names."""
        exercised = self.obligated if self.exercised is None else self.exercised
        return {
            "totalActionObligation": money(self.obligated),
            "totalBaseAndExercisedOptionsValue": money(exercised),
            "totalBaseAndAllOptionsValue": money(exercised if self.all_options is None else self.all_options),
        }


def award(
    *,
    piid: str,
    modification: str,
    amount: Decimal,
    totals: Totals,
    signed: date,
    uei: str,
    name: str,
    cage: str | None,
    reason: str | None = None,
    starts: date | None = None,
    ends: date | None = None,
    funds_of: date | None = None,
    coding: Coding | None = None,
    size: str = "S",
    vehicle: str | None = None,
) -> JsonObject:
    """A reported award (`modification` "0") or modification; `vehicle` is the PIID an order is placed under.

    It runs for a year from its signature on that year's funds unless told otherwise.
    """
    starts = starts or signed
    ends = ends or a_year_from(starts)
    identity: JsonObject = {
        "subtier": {"code": "7001", "name": "EXAMPLE AGENCY, OFFICE OF PROCUREMENT"},
        "piid": piid,
        "modificationNumber": modification,
        "transactionNumber": "0",
    }
    if vehicle is not None:
        identity["referencedIDVPiid"] = vehicle
    if reason is not None:
        identity["reasonForModification"] = {"code": reason, "name": REASONS[reason]}
    year = str(fiscal_year(funds_of or signed))
    stamp = signed.isoformat() + "T00:00:00Z"
    kind = (
        {"code": "C", "name": "DELIVERY ORDER"} if vehicle else {"code": "D", "name": "DEFINITIVE CONTRACT"}
    )
    return {
        "contractId": identity,
        "coreData": {"awardOrIDV": "AWARD", "awardOrIDVType": kind, **(coding or Coding()).of_report()},
        "awardDetails": {
            "dates": {
                "dateSigned": stamp,
                "periodOfPerformanceStartDate": _spaced(starts),
                "currentCompletionDate": _spaced(ends),
                "ultimateCompletionDate": _spaced(ends),
                "fiscalYear": str(fiscal_year(signed)),
            },
            "dollars": {
                "actionObligation": money(amount),
                "baseAndExercisedOptionsValue": money(amount),
                "baseAndAllOptionsValue": money(amount),
            },
            "totalContractDollars": totals.as_row(),
            "treasuryAccount": {
                "agencyIdentifier": "070",
                "mainAccountCode": "0613",
                "subAccountCode": "000",
                "beginningPeriodOfAvailability": year,
                "endingPeriodOfAvailability": year,
            },
            "preferenceProgramsInformation": {
                "contractingOfficerBusinessSizeDetermination": [
                    {"code": size, "name": "SMALL BUSINESS" if size == "S" else "OTHER THAN SMALL BUSINESS"}
                ]
            },
            "awardeeData": {
                "awardeeHeader": {"awardeeName": name, "legalBusinessName": name},
                "awardeeUEIInformation": {"uniqueEntityId": uei} | ({"cageCode": cage} if cage else {}),
            },
            "transactionData": {
                "status": named("F") | {"name": "FINAL"},
                "createdDate": stamp,
                "lastModifiedDate": stamp,
                "closedStatus": "N",
            },
        },
    }


def vehicle(
    *, piid: str, signed: date, last_order: date, uei: str, name: str, cage: str | None
) -> JsonObject:
    """An indefinite-delivery vehicle, which does not obligate money itself."""
    row = award(
        piid=piid,
        modification="0",
        amount=Decimal(0),
        totals=Totals(obligated=Decimal(0)),
        signed=signed,
        uei=uei,
        name=name,
        cage=cage,
        ends=last_order,
    )
    row["coreData"].update(awardOrIDV="IDV", awardOrIDVType={"code": "B", "name": "IDC"})
    row["awardDetails"]["dates"]["lastDateToOrder"] = _spaced(last_order)
    return row


def a_year_from(start: date) -> date:
    """The last day of a year that begins on `start`."""
    day = min(start.day, 28) if start.month == 2 else start.day  # noqa: PLR2004  # February
    return start.replace(year=start.year + 1, day=day) - timedelta(days=1)


def _spaced(day: date) -> str:
    return day.isoformat() + " 00:00:00.000"
