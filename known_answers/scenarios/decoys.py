"""Data that looks like a defect and is correct. A triage must not report it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from known_answers.scenarios import contract_statements, ledger_statements, sam_statements
from known_answers.scenarios.coding import read
from known_answers.scenarios.contract_statements import money
from known_answers.scenarios.exclusion_statements import exclusion
from known_answers.scenarios.sam_statements import ADDRESS, integrity_information, integrity_record
from known_answers.scenarios.scenario_builder import ScenarioBuilder

Decoy = Callable[[ScenarioBuilder], None]


def ended_exclusion(draft: ScenarioBuilder) -> None:
    """An exclusion on the list ends before the day of the action, or begins after it."""
    firm = draft.rng.choice(draft.firms)
    if draft.rng.random() < 0.5:  # noqa: PLR2004
        start, end = draft.day - timedelta(days=400), draft.day - timedelta(days=draft.rng.randint(2, 40))
    else:
        start, end = draft.day + timedelta(days=draft.rng.randint(3, 60)), None
    row = exclusion(uei=firm.uei, name=firm.name.title(), activated=start, terminated=end)
    draft.exclusions.append(row)
    draft.forbid("E01", firm.uei)


def namesake(draft: ScenarioBuilder) -> None:
    """Another firm of the same name, with an identifier of its own and in another place, is excluded."""
    firm = draft.rng.choice(draft.firms)
    elsewhere = {"city": "BOISE", "stateOrProvinceCode": "ID", "zipCode": "83702", "countryCode": "USA"}
    row = exclusion(
        uei="ZY" + firm.uei[2:], name=firm.name, activated=draft.day - timedelta(days=90), place=elsewhere
    )
    draft.exclusions.append(row)
    draft.forbid("E01", firm.uei)
    draft.forbid("E02", firm.uei)


def second_registration(draft: ScenarioBuilder) -> None:
    """A vendor has another row, for electronic funds transfer, that has expired."""
    firm = draft.prime
    expired = draft.day - timedelta(days=200)
    draft.entities.append(
        sam_statements.entity(
            uei=firm.uei, name=firm.name, cage=firm.cage, expires=expired, active=False, eft_indicator="0002"
        )
    )
    draft.forbid("R01", firm.uei)


def last_day(draft: ScenarioBuilder) -> None:
    """A registration ends on the very day of the action: still active."""
    registration = draft.entities[0]["entityRegistration"]
    registration["registrationExpirationDate"] = draft.day.isoformat()
    draft.forbid("R01", registration["ueiSAM"])


def unregistered_owner(draft: ScenarioBuilder) -> None:
    """An owner needs no registration."""
    owners = {firm.uei for firm in draft.firms if firm.role == "owner"}
    draft.entities = [row for row in draft.entities if row["entityRegistration"]["ueiSAM"] not in owners]
    for uei in sorted(owners):
        draft.forbid("R01", uei)


def rounding(draft: ScenarioBuilder) -> None:
    """The contract system is some cents off."""
    for row in draft.awards:
        if row["contractId"]["modificationNumber"] == draft.number:
            details = row["awardDetails"]
            totals = details["totalContractDollars"]
            for part, field in (
                (details["dollars"], "actionObligation"),
                *((totals, total) for total in totals),
            ):
                part[field] = money(Decimal(part[field]) + Decimal("0.99"))
            draft.forbid("C02", draft.piid)
            draft.forbid("F02", draft.piid)


def earlier_version(draft: ScenarioBuilder) -> None:
    """A superseded instrument with another amount is still on file."""
    valid = draft.instrument()
    earlier = contract_statements.document(
        doc_type=valid["docType"],
        piid=draft.piid,
        modification=draft.number,
        uei=draft.prime.uei,
        day=draft.day,
        amount=draft.amount + 5_000,
        status="superseded",
        signed=False,
    )
    valid.update(
        documentId=valid["documentId"][:-1] + "2", versionLabel="2.0", supersedes=earlier["documentId"]
    )
    draft.documents.append(earlier)
    draft.forbid("D01", f"{draft.piid}:instrument")
    draft.forbid("C02", draft.piid)


def spare_request(draft: ScenarioBuilder) -> None:
    """One more purchase request is pending; the certified ones suffice."""
    draft.commitments.append(
        ledger_statements.commitment(
            pr_number=f"PR-{draft.day:%y}-{draft.rng.randrange(100_000):05d}9",
            piid=draft.piid,
            modification=draft.number,
            amount=Decimal(12_500),
            day=draft.day,
            status="pending",
        )
    )
    draft.forbid("F01", draft.piid)


def renewed_certificate(draft: ScenarioBuilder) -> None:
    """A certificate of insurance has run out; a newer one covers the work."""
    for version, days in enumerate((-40, 900), start=1):
        row = contract_statements.document(
            doc_type="COI",
            piid=draft.piid,
            modification="0",
            uei=draft.prime.uei,
            day=draft.day + timedelta(days=days - 940),
            version=version,
        )
        draft.documents.append({**row, "expirationDate": (draft.day + timedelta(days=days)).isoformat()})
    draft.forbid("D03", f"{draft.piid}:COI")


def old_record(draft: ScenarioBuilder) -> None:
    """The prime was terminated for cause, more than five years ago."""
    ended = draft.day - timedelta(days=5 * 366 + draft.rng.randint(1, 400))
    draft.entities[0]["integrityInformation"] = integrity_information(records=[integrity_record(ended)])
    draft.forbid("E06", draft.prime.uei)


def written_otherwise(draft: ScenarioBuilder) -> None:
    """The instrument writes the contract with hyphens, the firm with a comma and a full stop, its address in words."""
    page, piid = draft.instrument()["extractedFields"], draft.piid
    page["piid"] = read(f"{piid[:6]}-{piid[6:8]}-{piid[8:9]}-{piid[9:]}")
    words, form = draft.prime.name.rsplit(" ", 1)
    page["vendorName"] = read(f"{words.title()}, {form.title()}.")
    place = {
        "addressLine1": "One Example Way",
        "stateOrProvinceCode": "Virginia",
        "countryCode": "United States",
    }
    page["vendorAddress"] = read({**ADDRESS, **place})
    draft.forbid("D02", draft.instrument_subject)
    draft.forbid("R04", f"{draft.prime.uei}:name")
    draft.forbid("R04", f"{draft.prime.uei}:address")


def migrated_report(draft: ScenarioBuilder) -> None:
    """The report has N/A where its system had no code."""
    for row in draft.own_awards():
        nothing = {"code": "N/A", "name": "N/A"}
        row["coreData"]["acquisitionData"]["typeOfContractPricing"] = nothing
        row["coreData"]["competitionInformation"]["extentCompeted"] = nothing
    draft.forbid("C07", draft.piid)


DECOYS: tuple[Decoy, ...] = (
    ended_exclusion,
    namesake,
    second_registration,
    last_day,
    unregistered_owner,
    rounding,
    earlier_version,
    spare_request,
    renewed_certificate,
    old_record,
    written_otherwise,
    migrated_report,
)
