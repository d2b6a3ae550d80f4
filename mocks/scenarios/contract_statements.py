"""Writes rows as the contract system and the contract file would."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal

from mocks.scenarios.shape import JsonObject

TITLES = {
    "PR": "Purchase request",
    "AVFUNDS": "Certification of availability of funds",
    "OPT_DF": "Determination and findings, exercise of option",
    "RESP": "Determination of responsibility",
    "SAMCHK": "Record of SAM.gov verification",
    "SF-30": "Amendment of solicitation/modification of contract",
    "SF-1449": "Solicitation/contract/order for commercial items",
    "SF-26": "Award/contract",
    "SF-33": "Solicitation, offer and award",
    "OF-347": "Order for supplies or services",
}
INSTRUMENTS = frozenset({"SF-30", "SF-1449", "SF-26", "SF-33", "OF-347"})
REASONS = {
    "A": "ADDITIONAL WORK (NEW AGREEMENT, FAR PART 6 APPLIES)",
    "B": "SUPPLEMENTAL AGREEMENT FOR WORK WITHIN SCOPE",
    "C": "FUNDING ONLY ACTION",
    "G": "EXERCISE AN OPTION",
    "M": "OTHER ADMINISTRATIVE ACTION",
}
_COMMITTED_BEFORE = timedelta(days=12)


def money(amount: Decimal) -> str:
    """As all these systems write it: two decimals, no separators."""
    return f"{amount:.2f}"


def fiscal_year(day: date) -> int:
    """The federal fiscal year, which starts on 1 October."""
    return day.year + (day.month >= 10)  # noqa: PLR2004


def award(
    *,
    piid: str,
    modification: str,
    amount: Decimal,
    total: Decimal,
    signed: date,
    uei: str,
    name: str,
    cage: str | None,
    reason: str | None = None,
) -> JsonObject:
    """A reported award (`modification` "0") or modification, with the contract's `total` up to it."""
    ends = signed.replace(year=signed.year + 1, day=min(signed.day, 28))
    identity: JsonObject = {
        "subtier": {"code": "7001", "name": "EXAMPLE AGENCY, OFFICE OF PROCUREMENT"},
        "piid": piid,
        "modificationNumber": modification,
        "transactionNumber": "0",
    }
    if reason is not None:
        identity["reasonForModification"] = {"code": reason, "name": REASONS[reason]}
    uei_information = {"uniqueEntityId": uei} | ({"cageCode": cage} if cage else {})
    stamp = signed.isoformat() + "T00:00:00Z"
    return {
        "contractId": identity,
        "coreData": {
            "awardOrIDV": "AWARD",
            "awardOrIDVType": {"code": "D", "name": "DEFINITIVE CONTRACT"},
            "acquisitionData": {"typeOfContractPricing": {"code": "J", "name": "FIRM FIXED PRICE"}},
            "productOrServiceInformation": {
                "productOrService": {
                    "type": "S",
                    "code": "R425",
                    "name": "SUPPORT- PROFESSIONAL: ENGINEERING",
                },
                "principalNaics": [{"code": "541330", "name": "ENGINEERING SERVICES"}],
            },
            "competitionInformation": {"extentCompeted": {"code": "A", "name": "FULL AND OPEN COMPETITION"}},
        },
        "awardDetails": {
            "dates": {
                "dateSigned": stamp,
                "periodOfPerformanceStartDate": _spaced(signed),
                "currentCompletionDate": _spaced(ends),
                "ultimateCompletionDate": _spaced(ends),
                "fiscalYear": str(fiscal_year(signed)),
            },
            "dollars": {
                "actionObligation": money(amount),
                "baseAndExercisedOptionsValue": money(amount),
                "baseAndAllOptionsValue": money(amount),
            },
            "totalContractDollars": {
                "totalActionObligation": money(total),
                "totalBaseAndExercisedOptionsValue": money(total),
                "totalBaseAndAllOptionsValue": money(total),
            },
            "preferenceProgramsInformation": {
                "contractingOfficerBusinessSizeDetermination": [{"code": "S", "name": "SMALL BUSINESS"}]
            },
            "awardeeData": {
                "awardeeHeader": {"awardeeName": name, "legalBusinessName": name},
                "awardeeUEIInformation": uei_information,
            },
            "transactionData": {
                "status": {"code": "F", "name": "FINAL"},
                "createdDate": stamp,
                "lastModifiedDate": stamp,
                "closedStatus": "N",
            },
        },
    }


def document(
    *,
    doc_type: str,
    piid: str,
    modification: str,
    uei: str,
    day: date,
    amount: Decimal | None = None,
    status: str = "final",
    signed: bool = True,
    version: int = 1,
) -> JsonObject:
    """A document of the contract file. `day` is the day of signature, or of filing where nothing is signed."""
    instrument = doc_type in INSTRUMENTS
    filed = day if instrument else day - _COMMITTED_BEFORE
    identity = f"DOC-{piid}-{modification}-{doc_type.replace('_', '-')}-{version}"
    return {
        "documentId": identity,
        "docType": doc_type,
        "title": TITLES[doc_type],
        "piid": piid,
        "modificationNumber": modification,
        "referencedIdvPiid": None,
        "vendorUei": uei,
        "versionLabel": f"{version}.0",
        "status": status,
        "effectiveDate": day.isoformat() if instrument else None,
        "signedDates": {
            "co": filed.isoformat() if signed else None,
            "contractor": filed.isoformat() if signed and instrument else None,
        },
        "signatories": (["contracting officer", *(["contractor"] if instrument else [])]) if signed else [],
        "amount": None if amount is None else money(amount),
        "expirationDate": None,
        "sha256": hashlib.sha256(identity.encode()).hexdigest(),
        "mediaType": "application/pdf",
        "pageCount": 4 if instrument else 2,
        "cuiMarking": None if instrument else "CUI//PROCURE",
        "sourceSystem": "contract-file",
        "filedBy": "contracting office 7001",
        "filedAt": filed.isoformat() + "T15:30:00Z",
        "folder": "AWARD" if instrument else "PRE",
        "retentionRule": "GRS 1.1: 6 years after final payment",
        "supersedes": None,
        "extractedFields": {},
    }


def _spaced(day: date) -> str:
    return day.isoformat() + " 00:00:00.000"
