"""Defects in the contract's history and its file."""

from datetime import timedelta
from decimal import Decimal

from known_answers.scenarios import contract_statements, ledger_statements
from known_answers.scenarios.coding import read
from known_answers.scenarios.contract_statements import fiscal_year, money
from known_answers.scenarios.scenario_builder import ScenarioBuilder

_SUBCONTRACTING_PLAN_THRESHOLD = Decimal(900_000)


def unreported(draft: ScenarioBuilder) -> bool:
    """An earlier modification was signed long ago, and the contract system has no report of it."""
    number = draft.modification or "0"
    place = int(number.removeprefix("P"))
    if place <= 1 or "base" in draft.reserved:
        return False
    earlier = f"P{place - 1:05d}" if number.startswith("P") else str(place - 1)
    draft.documents.append(
        contract_statements.document(
            doc_type="SF-30",
            piid=draft.piid,
            modification=earlier,
            uei=draft.prime.uei,
            day=draft.day - timedelta(days=draft.rng.randint(20, 90)),
            amount=Decimal(0),
        )
    )
    draft.reserved.add("base")
    draft.expect("C01", f"{draft.piid}:{earlier}", "advisory")
    return True


def ends_early(draft: ScenarioBuilder) -> bool:
    """The report of the award has the work end before it was signed."""
    if draft.action_type != "new_award" or not draft.own_awards():
        return False
    dates = draft.own_awards()[0]["awardDetails"]["dates"]
    for field, days in (
        ("periodOfPerformanceStartDate", 300),
        ("currentCompletionDate", 5),
        ("ultimateCompletionDate", 5),
    ):
        dates[field] = f"{draft.day - timedelta(days=days)} 00:00:00.000"
    draft.expect("C08", draft.piid, "advisory")
    return True


def ceiling(draft: ScenarioBuilder) -> bool:
    """By its own report the contract obligates more than its value, or its values are in the wrong order."""
    own = draft.own_awards()
    if not own:
        return False
    totals = own[0]["awardDetails"]["totalContractDollars"]
    step = Decimal(draft.rng.randrange(500, 40_000, 100))
    over, exercised = draft.rng.choice(
        [
            ("totalActionObligation", -step),
            ("totalBaseAndAllOptionsValue", step),
        ]
    )
    totals["totalBaseAndExercisedOptionsValue"] = money(Decimal(totals[over]) + exercised)
    draft.expect("C03", draft.piid, "blocking")
    return True


def not_open(draft: ScenarioBuilder) -> bool:
    """The contract has run out, or is reported as closed."""
    if draft.action_type == "new_award" or "base" in draft.reserved:
        return False
    details = draft.awards[0]["awardDetails"]
    if draft.action_type == "modification" and draft.rng.random() < 0.6:  # noqa: PLR2004
        ended = draft.day - timedelta(days=draft.rng.randint(5, 150))
        stamp = f"{ended} 00:00:00.000"
        details["dates"].update(currentCompletionDate=stamp, ultimateCompletionDate=stamp)
    else:
        details["transactionData"]["closedStatus"] = "Y"
    draft.reserved.add("base")
    takes_back = draft.action_type == "modification" and draft.amount < 0
    draft.expect("C04", draft.piid, "advisory" if takes_back else "blocking")
    return True


def option_terms(draft: ScenarioBuilder) -> bool:
    """The option is exercised at another price than the contract has, or too late."""
    if draft.action_type != "option":
        return False
    award = next(row for row in draft.documents if row["modificationNumber"] == "0")
    (terms,) = award["extractedFields"]["options"]["value"]
    if draft.rng.random() < 0.5:  # noqa: PLR2004
        terms["price"] = money(draft.amount - Decimal(draft.rng.choice((1_500, 4_000, -2_750))))
    else:
        terms["exerciseBy"] = (draft.day - timedelta(days=20)).isoformat()
    draft.expect("C05", draft.piid, "blocking")
    return True


def coding(draft: ScenarioBuilder) -> bool:
    """The instrument has another code than action and report."""
    if not draft.has_instrument():
        return False
    field, code = draft.rng.choice((("naics", "541350"), ("psc", "R408"), ("pricingType", "K")))
    draft.instrument()["extractedFields"][field] = read(code)
    draft.reserved.add("instrument")
    draft.expect("C07", draft.piid, "advisory")
    return True


def defect(draft: ScenarioBuilder) -> bool:
    """The instrument names another contract, was changed after signature, or signed before funds were certified."""
    if not draft.has_instrument() or draft.expects("D02", draft.instrument_subject):
        return False
    instrument = draft.instrument()
    certified = bool(draft.commitments) and not draft.expects("F01", draft.piid)
    match draft.rng.choice(["contract", "digest"] + ["funds"] * certified):
        case "contract":
            other = f"{draft.piid[:-1]}{(int(draft.piid[-1]) + 3) % 10}"
            instrument["extractedFields"]["piid"] = read(other)
        case "digest":
            instrument["signedSha256"] = instrument["sha256"][::-1]
        case _:
            draft.commitments[-1]["certified_at"] = (draft.day + timedelta(days=2)).isoformat()
            draft.reserved.add("commitments")
    draft.reserved.add("instrument")
    draft.expect("D02", draft.instrument_subject, "blocking")
    return True


def assurance(draft: ScenarioBuilder) -> bool:
    """A certificate of insurance or a bond has run out."""
    if "base" in draft.reserved:  # which tells when the work ends
        return False
    doc_type = draft.rng.choice(("COI", "BOND"))
    expired = draft.day - timedelta(days=draft.rng.randint(1, 60))
    row = contract_statements.document(
        doc_type=doc_type,
        piid=draft.piid,
        modification="0",
        uei=draft.prime.uei,
        day=expired - timedelta(days=365),
    )
    draft.documents.append({**row, "expirationDate": expired.isoformat()})
    draft.reserved.add("base")
    draft.expect("D03", f"{draft.piid}:{doc_type}", "advisory")
    return True


def no_plan(draft: ScenarioBuilder) -> bool:
    """A contractor that is not small has a large contract without a subcontracting plan."""
    value = draft.value
    if draft.action_type != "new_award":
        value = Decimal(
            draft.awards[0]["awardDetails"]["totalContractDollars"]["totalBaseAndAllOptionsValue"]
        )
    if not draft.awards or value <= _SUBCONTRACTING_PLAN_THRESHOLD:
        return False
    for award in draft.awards:
        award["awardDetails"]["preferenceProgramsInformation"] = {
            "contractingOfficerBusinessSizeDetermination": [
                {"code": "O", "name": "OTHER THAN SMALL BUSINESS"}
            ]
        }
    draft.expect("D04", draft.piid, "blocking" if draft.action_type == "new_award" else "advisory")
    return True


def last_years_funds(draft: ScenarioBuilder) -> bool:
    """Everything is charged to the appropriation of the year before."""
    if draft.amount <= 0 or not draft.commitments:
        return False
    year = fiscal_year(draft.day) - 1
    label = ledger_statements.tas_label(year)
    for row in draft.commitments:
        row["tas"] = label
    for line in draft.own_lines():
        line.update(tas=label, fund_status="expired", cancel_date=f"{year + 5}-09-30")
    for printed in draft.printed_lines():
        printed["tas"].update(bpoa=str(year), epoa=str(year))
    for award in draft.own_awards():
        award["awardDetails"]["treasuryAccount"].update(
            beginningPeriodOfAvailability=str(year), endingPeriodOfAvailability=str(year)
        )
    draft.reserved.add("commitments")
    # What only adds funds to work in scope may belong to the year the work was ordered in.
    draft.expect("F03", f"{draft.piid}:{label}", draft.usual_severity)
    return True
