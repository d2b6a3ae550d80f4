"""Builds entity rows of SAM.gov, with their integrity section, for synthetic firms."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from known_answers.scenarios.formats import JsonObject


def entity(
    *,
    uei: str,
    name: str,
    cage: str | None,
    expires: date,
    active: bool = True,
    excluded: bool = False,
    eft_indicator: str | None = None,
    debt: bool = False,
    naics: Mapping[str, str] | None = None,
    integrity: JsonObject | None = None,
) -> JsonObject:
    """A registration of one year that ends on `expires`; `naics` maps a code to whether the firm is small (Y or N)."""
    renewed = expires - timedelta(days=364)
    return {
        "entityRegistration": {
            "samRegistered": "Yes",
            "ueiSAM": uei,
            "entityEFTIndicator": eft_indicator,
            "cageCode": cage,
            "dodaac": None,
            "legalBusinessName": name,
            "dbaName": None,
            "purposeOfRegistrationCode": "Z2",
            "purposeOfRegistrationDesc": "All Awards",
            "registrationStatus": "Active" if active else "Expired",
            "evsSource": "E&Y",
            "registrationDate": renewed.replace(year=renewed.year - 6, day=min(renewed.day, 28)).isoformat(),
            "lastUpdateDate": renewed.isoformat(),
            "registrationExpirationDate": expires.isoformat(),
            "activationDate": (renewed + timedelta(days=1)).isoformat(),
            "ueiStatus": "Active",
            "ueiExpirationDate": None,
            "ueiCreationDate": "2021-06-25",
            "publicDisplayFlag": "Y",
            "exclusionStatusFlag": "Y" if excluded else "N",
            "exclusionURL": None,
            "dnbOpenData": None,
        },
        "coreData": _core_data(renewed, debt=debt),
        "assertions": _assertions(naics or {"541330": "Y"}),
        "integrityInformation": integrity or integrity_information(),
    }


def identifier_only(*, uei: str, name: str) -> JsonObject:
    """A firm with an identifier that never registered: a shorter object."""
    return {
        "entityRegistration": {
            "samRegistered": "No",
            "ueiSAM": uei,
            "cageCode": None,
            "legalBusinessName": name,
            "registrationStatus": "ID Assigned",
            "evsSource": "E&Y",
            "ueiStatus": "Active",
            "ueiExpirationDate": None,
            "ueiCreationDate": "2025-11-04",
            "publicDisplayFlag": "Y",
            "exclusionStatusFlag": None,
            "exclusionURL": None,
            "dnbOpenData": None,
        },
        "coreData": {"physicalAddress": ADDRESS},
    }


def opted_out(*, uei: str, name: str) -> JsonObject:
    """A firm that opted out of display: a sentence in place of every value but UEI and name."""
    masked = (
        *("samRegistered", "registrationStatus", "evsSource", "ueiStatus", "ueiExpirationDate"),
        *("ueiCreationDate", "publicDisplayFlag", "dnbOpenData"),
    )
    return {
        "entityRegistration": {
            "ueiSAM": uei,
            "cageCode": None,
            "legalBusinessName": name,
            **dict.fromkeys(masked, _OPTED_OUT),
        },
        "coreData": {},
    }


_OPTED_OUT = "This entity has opted out of public search. Only its own users can view this record."
ADDRESS = {
    "addressLine1": "1 EXAMPLE WAY",
    "addressLine2": None,
    "city": "NORFOLK",
    "stateOrProvinceCode": "VA",
    "zipCode": "23510",
    "zipCodePlus4": "0001",
    "countryCode": "USA",
}


def _core_data(renewed: date, *, debt: bool) -> JsonObject:
    return {
        "entityHierarchyInformation": {
            "immediateParentEntity": {},
            "intermediateParentEntities": [],
            "ultimateParentEntity": {},
        },
        "entityInformation": {
            "entityURL": None,
            "entityDivisionName": None,
            "entityDivisionNumber": None,
            "entityStartDate": "1999-01-04",
            "fiscalYearEndCloseDate": "12/31",
            "submissionDate": renewed.isoformat(),
        },
        "physicalAddress": ADDRESS,
        "mailingAddress": {},
        "congressionalDistrict": "02",
        "generalInformation": {
            "entityStructureCode": "2L",
            "entityStructureDesc": "Corporate Entity (Not Tax Exempt)",
            "entityTypeCode": "F",
            "profitStructureCode": "2X",
            "stateOfIncorporationCode": "VA",
            "countryOfIncorporationCode": "USA",
        },
        "businessTypes": {
            "businessTypeList": [{"businessTypeCode": "2X", "businessTypeDesc": "For Profit Organization"}],
            "sbaBusinessTypeList": [],
        },
        "financialInformation": {"creditCardUsage": "N", "debtSubjectToOffset": "Y" if debt else "N"},
    }


def _assertions(naics: Mapping[str, str]) -> JsonObject:
    rows = [
        {
            "naicsCode": code,
            "naicsDescription": f"INDUSTRY {code}",
            "sbaSmallBusiness": small,
            "naicsException": None,
        }
        for code, small in naics.items()
    ]
    return {"goodsAndServices": {"primaryNaics": next(iter(naics)), "naicsList": rows, "pscList": []}}


def integrity_information(
    *,
    owner: JsonObject | None = None,
    highest: JsonObject | None = None,
    predecessors: Sequence[JsonObject] = (),
    records: Sequence[JsonObject] = (),
    proceedings: Sequence[date] = (),
) -> JsonObject:
    """The section, empty by default. `firm` makes owners and predecessors."""
    return {
        "entitySummary": {},
        "proceedingsData": {
            "proceedingsQuestion1": "NO",
            "proceedingsQuestion2": "NO",
            "proceedingsQuestion3": "YES" if proceedings else "NO",
            "proceedingsRecordCount": str(len(proceedings)),
            "listOfProceedings": [{"proceedingDate": day.isoformat()} for day in proceedings],
        },
        "responsibilityInformationCount": len(records),
        "responsibilityInformationList": list(records),
        "corporateRelationships": {
            "highestOwner": highest or firm(None),
            "immediateOwner": owner or firm(None),
            "predecessorsList": list(predecessors),
        },
    }


def firm(name: str | None, cage: str | None = None) -> JsonObject:
    """An owner or predecessor; without a name, there is none."""
    return {"legalBusinessName": name, "cageCode": cage, "integrityRecords": "No" if name else "N/A"}


def integrity_record(recorded: date, kind: str = "Termination for Cause", code: str = "C") -> JsonObject:
    """A record of responsibility information."""
    return {
        "recordType": code,
        "recordTypeDesc": kind,
        "recordDate": recorded.isoformat(),
        "procurementIdOrFederalAssistanceId": "70ZZ0120C0001",
        "referenceIdvPiid": None,
        "attachment": None,
    }
