"""Defects about the parties: identifiers, names, integrity records, debt, size."""

from datetime import timedelta
from decimal import Decimal

from known_answers.scenarios.coding import read
from known_answers.scenarios.sam_statements import ADDRESS, integrity_record
from known_answers.scenarios.scenario_builder import ScenarioBuilder

_SIMPLIFIED_ACQUISITION_THRESHOLD = Decimal(350_000)
_SUBCONTRACTING_PLAN_THRESHOLD = Decimal(900_000)


def other_uei(draft: ScenarioBuilder) -> bool:
    """The report, the instrument or the ledger has another party's identifier."""
    prime = draft.prime.uei
    if draft.expects("R03", prime) or draft.expects("D02", draft.instrument_subject):
        return False
    stranger = "ZY" + prime[2:]
    # An administrative modification without money can be the one that corrects it.
    corrects = draft.terms.get("reason") == "M"
    booked = draft.own_lines()
    where = draft.rng.choice(["report"] + ["ledger"] * bool(booked) + ["instrument"] * draft.has_instrument())
    if where == "report":
        latest = (draft.own_awards() or draft.awards)[-1:]
        if not latest:
            return False
        latest[0]["awardDetails"]["awardeeData"]["awardeeUEIInformation"]["uniqueEntityId"] = stranger
        needs = {"contracts"}
    elif where == "ledger":
        for line in booked:
            line["vendor_uei"] = stranger
        draft.expect("F05", f"{draft.piid}:vendor", "advisory", needs=set())
        needs = set()
    else:
        draft.instrument()["extractedFields"]["vendorUei"] = read(stranger)
        draft.reserved.add("instrument")
        draft.expect("D02", draft.instrument_subject, "blocking")
        needs = {"documents"}
    draft.expect("R03", prime, "advisory" if corrects else "blocking", needs=needs)
    return True


def other_party(draft: ScenarioBuilder) -> bool:
    """The instrument names the prime in another form, by another name, at another address, or by another CAGE code."""
    prime = draft.prime
    if draft.registration_of(prime.uei) is None or not draft.has_instrument():
        return False
    draft.reserved.update({prime.uei, "instrument"})
    page = draft.instrument()["extractedFields"]
    severity = "advisory"
    match draft.rng.choice(("form", "name", "address", "cage")):
        case "form":
            words, form = prime.name.rsplit(" ", 1)
            page["vendorName"] = read(f"{words} {'LLC' if form != 'LLC' else 'INC'}")
            what = "name"
        case "name":
            page["vendorName"] = read(f"QUOXAZ {prime.name.split(' ', 1)[1]}")
            what = "name"
            severity = "blocking" if draft.action_type == "new_award" else "advisory"
        case "address":
            page["vendorAddress"] = read({**ADDRESS, "addressLine1": "77 SAMPLE ROAD", "zipCode": "23455"})
            what = "address"
        case _:
            page["cageCode"] = read(
                "9" + prime.uei[3:5].translate(str.maketrans("0123456789", "ABCDEFGHJK")) + "00"
            )
            what = "cage"
    draft.expect("R04", f"{prime.uei}:{what}", severity)
    return True


def debt(draft: ScenarioBuilder) -> bool:
    """The prime owes the Government; it may be awarded to all the same."""
    row = draft.registration_of(draft.prime.uei)
    if row is None:
        return False
    row["coreData"]["financialInformation"]["debtSubjectToOffset"] = "Y"
    draft.reserved.add(draft.prime.uei)
    draft.expect("E07", draft.prime.uei, "advisory")
    return True


def unweighed_record(draft: ScenarioBuilder) -> bool:
    """SAM.gov has a record of the prime that the determination of responsibility does not mention."""
    row = draft.registration_of(draft.prime.uei)
    if row is None or draft.value <= _SIMPLIFIED_ACQUISITION_THRESHOLD:
        return False
    ended = draft.day - timedelta(days=draft.rng.randint(60, 1_500))
    records = [integrity_record(ended)]
    row["integrityInformation"].update(
        responsibilityInformationCount=len(records), responsibilityInformationList=records
    )
    for document in draft.documents:
        if document["docType"] == "RESP":
            document["extractedFields"].pop("considersIntegrity", None)
    draft.reserved.add(draft.prime.uei)
    draft.expect(
        "E06", draft.prime.uei, draft.usual_severity if draft.action_type == "new_award" else "advisory"
    )
    return True


def too_large(draft: ScenarioBuilder) -> bool:
    """A set-aside for small business goes to a firm that SAM.gov lists as not small."""
    row = draft.registration_of(draft.prime.uei)
    if row is None or draft.value > _SUBCONTRACTING_PLAN_THRESHOLD:
        return False
    row["assertions"]["goodsAndServices"]["naicsList"][0]["sbaSmallBusiness"] = "N"
    draft.terms["set_aside"] = "SBA"
    for award in draft.awards:
        award["coreData"]["competitionInformation"]["typeOfSetAside"] = {
            "code": "SBA",
            "name": "SMALL BUSINESS SET ASIDE - TOTAL",
        }
    draft.reserved.add(draft.prime.uei)
    draft.expect("C06", draft.piid, "blocking" if draft.action_type == "new_award" else "advisory")
    return True
