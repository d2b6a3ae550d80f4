"""What it means that one check found nothing in a run in which another one found something about the same party."""

from collections.abc import Mapping

#: By the id of the check that found nothing, and that of the other one.
BESIDE: Mapping[str, Mapping[str, str]] = {
    "E01": {
        "E02": "No exclusion record carries the UEI or CAGE of a vendor in the action; one has a like name, see E02.",
        "E04": "No vendor that the action names is excluded itself; an owner, predecessor or signatory is, see E04.",
        "E05": "No exclusion record bars a vendor by its UEI or CAGE; for an order or prohibition, see E05.",
    },
    "E02": {
        "E01": "No further exclusion record has a like name; for the record with the same identifier, see E01."
    },
    "E03": {"E01": "SAM.gov and the list of exclusions say the same; for the exclusion itself, see E01."},
    "E04": {
        "E01": "No owner, predecessor or signatory is excluded, other than those that the action itself names; for these,"
        " see E01."
    },
}
