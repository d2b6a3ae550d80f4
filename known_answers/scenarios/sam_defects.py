"""Defects in registrations and on the list of exclusions."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar
from zlib import crc32

from known_answers.scenarios import sam_statements
from known_answers.scenarios.coding import read
from known_answers.scenarios.exclusion_statements import exclusion as exclusion_row
from known_answers.scenarios.scenario_builder import Firm, ScenarioBuilder

Way = TypeVar("Way")

_AGENCIES = (
    ("AF", "DEPT OF THE AIR FORCE"),
    ("EPA", "ENVIRONMENTAL PROTECTION AGENCY"),
    ("GSA", "GENERAL SERVICES ADMINISTRATION"),
)
#: Most orders are published without their agency.
_ISSUERS = (("HS", "DEPT OF HOMELAND SECURITY"), ("NONE", ""), ("NONE", ""))
#: A lapsed registration is Inactive; few are stuck before they are active.
_NOT_ACTIVE = (*("Inactive",) * 6, "Expired", "Submitted", "Work in Progress")
_KINDS = ("Ineligible (Proceedings Completed)", "Ineligible (Proceedings Pending)", "Voluntary Exclusion")


def registration(draft: ScenarioBuilder) -> bool:
    """A prime or subcontractor is not active, expires too early, has an identifier only, is hidden or unknown."""
    firm = draft.rng.choice([firm for firm in draft.firms if firm.role != "owner"])
    position = _entity_of(draft, firm)
    lapsed = draft.day - timedelta(days=draft.rng.randint(1, 120))
    row = draft.entities[position]["entityRegistration"]
    rule = "R01"
    absent = [] if firm.uei in draft.reserved else ["identifier only", "unknown"]
    match draft.rng.choice(["not active", "too early", *absent]):
        case "not active":
            renewed = lapsed - timedelta(days=364)
            row.update(
                registrationStatus=_varied(firm, _NOT_ACTIVE),
                registrationExpirationDate=lapsed.isoformat(),
                lastUpdateDate=renewed.isoformat(),
                activationDate=(renewed + timedelta(days=1)).isoformat(),
            )
        case "too early":
            row["registrationExpirationDate"] = lapsed.isoformat()
        case "identifier only":
            rule = "R02"
            draft.entities[position] = sam_statements.identifier_only(uei=firm.uei, name=firm.name)
        case _:
            rule = "R02"
            hidden = sam_statements.opted_out(uei=firm.uei, name=firm.name)
            draft.entities[position : position + 1] = _varied(firm, ([], [hidden]))
    draft.expect(rule, firm.uei, draft.usual_severity)
    return True


def exclusion(draft: ScenarioBuilder) -> bool:
    """One of the vendors is excluded on the day of the action."""
    firm = draft.rng.choice(draft.firms)
    if draft.expects("E01", firm.uei) or draft.expects("E03", firm.uei):
        return False
    kind = draft.rng.choice(_KINDS)
    row = exclusion_row(
        uei=firm.uei,
        name=firm.name.title(),
        activated=draft.day - timedelta(days=draft.rng.randint(5, 900)),
        agency=draft.rng.choice(_AGENCIES),
        kind=kind,
        again=_varied(firm, (*(None,) * 6, draft.day + timedelta(days=80))),
    )
    draft.exclusions.append(row)
    for entity in draft.entities:
        registration = entity["entityRegistration"]
        if registration["ueiSAM"] == firm.uei and registration["samRegistered"] == "Yes":
            registration["exclusionStatusFlag"] = "Y"
    bars = kind != "Voluntary Exclusion"
    if draft.action_type == "modification":
        # Its money is for work agreed before, as the reports show: current contracts may continue.
        draft.reserved.add("value")
    adds_work = draft.action_type != "modification"
    draft.expect("E01", firm.uei, "blocking" if adds_work and bars else "advisory")
    return True


def namesake(draft: ScenarioBuilder) -> bool:
    """A record without an identifier has a vendor's name and place."""
    firm = draft.rng.choice(draft.firms)
    if draft.expects("E01", firm.uei):
        return False
    draft.exclusions.append(
        exclusion_row(
            uei=None, name=firm.name, activated=draft.day - timedelta(days=draft.rng.randint(20, 900))
        )
    )
    draft.expect("E02", firm.uei, "advisory")
    return True


def stray_flag(draft: ScenarioBuilder) -> bool:
    """A registration is flagged as excluded, and the list has no record of it."""
    firm = draft.rng.choice(draft.firms)
    row = draft.registration_of(firm.uei)
    if row is None or draft.expects("E01", firm.uei):
        return False
    row["entityRegistration"]["exclusionStatusFlag"] = "Y"
    draft.reserved.add(firm.uei)
    draft.expect("E03", firm.uei, draft.usual_severity)
    return True


def order(draft: ScenarioBuilder) -> bool:
    """A supply-chain security order names a vendor."""
    firm = draft.rng.choice(draft.firms)
    if draft.expects("E01", firm.uei) or draft.expects("E03", firm.uei):
        return False
    draft.exclusions.append(
        exclusion_row(
            uei=firm.uei,
            name=firm.name.title(),
            activated=draft.day - timedelta(days=draft.rng.randint(20, 300)),
            agency=_varied(firm, _ISSUERS),
            kind="Prohibition/Restriction",
            fascsa=True,
        )
    )
    row = draft.registration_of(firm.uei)
    if row is not None:
        row["entityRegistration"]["exclusionStatusFlag"] = "Y"
    draft.expect("E05", firm.uei, "blocking" if draft.action_type == "new_award" else "advisory")
    draft.expect("E01", firm.uei, "advisory")
    return True


def early_check(draft: ScenarioBuilder) -> bool:
    """The check of SAM.gov in the file is some days older than the signature."""
    checks = [row for row in draft.documents if row["docType"] == "SAMCHK" and row["status"] == "final"]
    if not checks:
        return False
    checked = date.fromisoformat(checks[0]["extractedFields"]["checkedOn"]["value"])
    checks[0]["extractedFields"]["checkedOn"] = read(
        (checked - timedelta(days=draft.rng.randint(1, 20))).isoformat()
    )
    draft.reserved.add("SAMCHK")
    draft.expect("S01", f"{draft.piid}:{draft.prime.uei}", draft.usual_severity)
    return True


def _varied(firm: Firm, ways: Sequence[Way]) -> Way:
    """One of several ways in which a service writes the same, by the firm: it draws no random number."""
    return ways[crc32(firm.uei.encode()) % len(ways)]


def _entity_of(draft: ScenarioBuilder, firm: Firm) -> int:
    return next(
        position
        for position, entity in enumerate(draft.entities)
        if entity["entityRegistration"]["ueiSAM"] == firm.uei
    )
