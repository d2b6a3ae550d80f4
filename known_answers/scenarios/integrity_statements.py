"""Writes the integrity section of an entity: owners, predecessors, records, proceedings."""

from collections.abc import Sequence
from datetime import date

from known_answers.scenarios.shape import JsonObject


def integrity_information(
    *,
    owner: JsonObject | None = None,
    highest: JsonObject | None = None,
    predecessors: Sequence[JsonObject] = (),
    records: Sequence[JsonObject] = (),
    proceedings: Sequence[date] = (),
) -> JsonObject:
    """The section; nothing in it unless told otherwise. Owners and predecessors come from `firm`."""
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
    """An owner or predecessor; nobody without a name."""
    return {"legalBusinessName": name, "cageCode": cage, "integrityRecords": "No" if name else "N/A"}


def record(recorded: date, kind: str = "Termination for Cause", code: str = "C") -> JsonObject:
    """A record of responsibility information."""
    return {
        "recordType": code,
        "recordTypeDesc": kind,
        "recordDate": recorded.isoformat(),
        "procurementIdOrFederalAssistanceId": "70ZZ0120C0001",
        "referenceIdvPiid": None,
        "attachment": None,
    }
