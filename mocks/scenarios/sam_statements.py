"""Writes rows as SAM.gov would: entities and exclusions of synthetic firms."""

from datetime import date, timedelta

from mocks.scenarios.shape import JsonObject


def entity(
    *,
    uei: str,
    name: str,
    cage: str | None,
    expires: date,
    active: bool = True,
    excluded: bool = False,
    eft_indicator: str | None = None,
) -> JsonObject:
    """A registration of one year that ends on `expires`."""
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
        "coreData": _core_data(renewed),
    }


def identifier_only(*, uei: str, name: str) -> JsonObject:
    """A firm that asked for an identifier and never registered: the shorter object."""
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
        "coreData": {"physicalAddress": _ADDRESS},
    }


def exclusion(
    *,
    uei: str | None,
    name: str,
    activated: date,
    terminated: date | None = None,
    agency: tuple[str, str] = ("AF", "DEPT OF THE AIR FORCE"),
    kind: str = "Ineligible (Proceedings Completed)",
) -> JsonObject:
    """A firm's exclusion; open-ended without `terminated`."""
    created = _month_first(activated + timedelta(days=3))
    nobody = dict.fromkeys(("npi", "prefix", "firstName", "middleName", "lastName", "suffix"))
    return {
        "exclusionDetails": {
            "classificationType": "Firm",
            "exclusionType": kind,
            "exclusionProgram": "Reciprocal",
            "excludingAgencyCode": agency[0],
            "excludingAgencyName": agency[1],
        },
        "exclusionIdentification": {
            "ueiSAM": uei,
            "cageCode": None,
            **nobody,
            "entityName": name,
            "dnbOpenData": None,
        },
        "exclusionActions": {
            "listOfActions": [
                {
                    "createDate": created,
                    "updateDate": created,
                    "activateDate": _month_first(activated),
                    "terminationDate": _month_first(terminated) if terminated else None,
                    "terminationType": "Definite" if terminated else "Indefinite",
                    "recordStatus": "Active",
                }
            ]
        },
        "exclusionPrimaryAddress": {**_ADDRESS, "addressLine1": None, "zipCodePlus4": None},
        "exclusionSecondaryAddress": [],
        "exclusionOtherInformation": {
            "isFASCSAOrder": "No",
            "additionalComments": None,
            "ctCode": None,
            "evsInvestigationStatus": None,
            "references": {"referencesList": []},
            "moreLocations": [],
        },
        "vesselDetails": dict.fromkeys(("callSign", "type", "tonnage", "grt", "flag", "owner")),
    }


_ADDRESS = {
    "addressLine1": "1 EXAMPLE WAY",
    "addressLine2": None,
    "city": "NORFOLK",
    "stateOrProvinceCode": "VA",
    "zipCode": "23510",
    "zipCodePlus4": "0001",
    "countryCode": "USA",
}


def _core_data(renewed: date) -> JsonObject:
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
        "physicalAddress": _ADDRESS,
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
        "financialInformation": {"creditCardUsage": "N", "debtSubjectToOffset": "N"},
    }


def _month_first(day: date) -> str:
    return day.strftime("%m-%d-%Y")
