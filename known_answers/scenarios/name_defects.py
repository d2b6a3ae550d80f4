"""Defects that only a search by a name finds that SAM.gov or the contract file brings."""

from datetime import date, timedelta

from known_answers.scenarios.exclusion_statements import exclusion
from known_answers.scenarios.sam_statements import firm as relative
from known_answers.scenarios.scenario_builder import ScenarioBuilder

_BOTH = frozenset({"sam-gov", "debarment"})
_ELSEWHERE = {"city": "PORTLAND", "stateOrProvinceCode": "OR", "zipCode": "97201", "countryCode": "USA"}
_CODED = "0123456789ABCDEFGHJKLMNPQRSTUVWX"
_FIRST_NAMES = ("AMBROSE", "CORNELIA", "DORIAN", "PHILIPPA", "THEODORA", "WALDEMAR")


def doing_business_as(draft: ScenarioBuilder) -> bool:
    """A record has what a vendor does business as by SAM.gov, and its place."""
    firm = draft.rng.choice(draft.firms)
    row = draft.registration_of(firm.uei)
    if row is None or draft.expects("E01", firm.uei) or draft.expects("E02", firm.uei):
        return False
    name = f"{_word(firm.name)} CHANDLERY"
    row["entityRegistration"]["dbaName"] = name
    draft.exclusions.append(exclusion(uei=None, name=name, activated=_since(draft)))
    draft.reserved.add(firm.uei)
    draft.expect("E02", firm.uei, "advisory", needs=_BOTH)
    return True


def excluded_relative(draft: ScenarioBuilder) -> bool:
    """An owner or predecessor that SAM.gov names is excluded: by its CAGE code under another name, or by its name."""
    row = draft.registration_of(draft.prime.uei)
    if row is None or draft.prime.uei in draft.reserved:
        return False
    name, cage = f"{_word(draft.prime.name)} FOUNDRY CORP", _cage(draft.prime.uei)
    by_code = draft.rng.random() < 0.5  # noqa: PLR2004
    party = relative(name, cage if by_code else None)
    relation = draft.rng.choice(("predecessor", "immediate-owner", "highest-owner"))
    relations = row["integrityInformation"]["corporateRelationships"]
    match relation:
        case "predecessor":
            relations["predecessorsList"] = [party]
        case "immediate-owner":
            relations["immediateOwner"] = party
        case _:
            relations["highestOwner"] = party
    listed = "GRANDFOLD VENTURES LP" if by_code else name
    draft.exclusions.append(
        exclusion(
            uei=None, name=listed, cage=cage if by_code else None, activated=_since(draft), place=_ELSEWHERE
        )
    )
    draft.reserved.add(draft.prime.uei)
    draft.expect("E04", f"{draft.prime.uei}:{relation}", "advisory", needs=_BOTH)
    return True


def excluded_signatory(draft: ScenarioBuilder) -> bool:
    """The person who signed for the prime is excluded, and the record names no firm."""
    if not draft.has_instrument() or "instrument" in draft.reserved:
        return False
    first, last = draft.rng.choice(_FIRST_NAMES), f"{_word(draft.prime.name)}SON"
    draft.instrument()["signatories"].append(f"{first.title()} {last.title()}, President")
    draft.exclusions.append(
        exclusion(
            uei=None,
            name=None,
            person=(first, last),
            classification="Individual",
            activated=_since(draft),
        )
    )
    draft.reserved.add("instrument")
    draft.expect("E04", f"{draft.prime.uei}:signatory", "advisory", needs=_BOTH | {"documents"})
    return True


def _since(draft: ScenarioBuilder) -> date:
    return draft.day - timedelta(days=draft.rng.randint(20, 900))


def _cage(uei: str) -> str:
    """A CAGE code that no vendor has: their own begin with 9."""
    number = int("".join(character for character in uei[3:10] if character.isdigit()))
    return "8" + "".join(_CODED[number // 32**place % 32] for place in range(4))


def _word(name: str) -> str:
    """A word that no other firm's name has: the firm's own, backwards."""
    return name.split(maxsplit=1)[0][::-1]
