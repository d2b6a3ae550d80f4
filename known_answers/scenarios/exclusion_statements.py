"""Builds exclusion records of SAM.gov, for firms and persons."""

from collections.abc import Sequence
from datetime import date, timedelta

from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.sam_statements import ADDRESS


def _period(activated: date, terminated: date | None) -> JsonObject:
    created = _month_first(activated + timedelta(days=3))
    return {
        "createDate": created,
        "updateDate": created,
        "activateDate": _month_first(activated),
        "terminationDate": _month_first(terminated) if terminated else None,
        "terminationType": "Definite" if terminated else "Indefinite",
        "recordStatus": "Active",
    }


def exclusion(
    *,
    uei: str | None,
    name: str | None,
    activated: date,
    terminated: date | None = None,
    again: date | None = None,
    agency: tuple[str, str] = ("AF", "DEPT OF THE AIR FORCE"),
    kind: str = "Ineligible (Proceedings Completed)",
    program: str = "Reciprocal",
    classification: str = "Firm",
    cage: str | None = None,
    person: tuple[str, str] | None = None,
    place: JsonObject | None = None,
    aliases: Sequence[str] = (),
    locations: Sequence[JsonObject] = (),
    fascsa: bool = False,
    ct_code: str | None = None,
    comments: str | None = None,
) -> JsonObject:
    """A record, open-ended without `terminated`; `again` begins a second period. `person` is a first and last name, instead of `name`."""
    first, last = person or (None, None)
    return {
        "exclusionDetails": {
            "classificationType": classification,
            "exclusionType": kind,
            "exclusionProgram": program,
            "excludingAgencyCode": agency[0],
            "excludingAgencyName": agency[1],
        },
        "exclusionIdentification": {
            "ueiSAM": uei,
            "cageCode": cage,
            "npi": None,
            "prefix": None,
            "firstName": first,
            "middleName": None,
            "lastName": last,
            "suffix": None,
            "entityName": name,
            "dnbOpenData": None,
        },
        "exclusionActions": {
            "listOfActions": [_period(activated, terminated), *([_period(again, None)] if again else [])]
        },
        "exclusionPrimaryAddress": {
            **(ADDRESS if place is None else place),
            "addressLine1": None,
            "zipCodePlus4": None,
        },
        "exclusionSecondaryAddress": [],
        "exclusionOtherInformation": {
            "isFASCSAOrder": "Yes" if fascsa else "No",
            "additionalComments": comments,
            "ctCode": ct_code,
            "evsInvestigationStatus": None,
            "references": {
                "referencesList": [{"exclusionName": alias, "type": "Cross-Reference"} for alias in aliases]
            },
            "moreLocations": list(locations),
        },
        "vesselDetails": dict.fromkeys(("callSign", "type", "tonnage", "grt", "flag", "owner")),
    }


def location(*, name: str | None = None, uei: str | None = None, cage: str | None = None) -> JsonObject:
    """A further location of an excluded party."""
    return {"exclusionName": name, "ueiSAM": uei, "cageCode": cage}


def _month_first(day: date) -> str:
    return day.strftime("%m-%d-%Y")
