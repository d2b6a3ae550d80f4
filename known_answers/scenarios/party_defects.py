"""Flaws about who the parties are: identifiers, names, exclusion flags, records, debt, size."""

from datetime import timedelta
from decimal import Decimal

from known_answers.scenarios.coding import read
from known_answers.scenarios.exclusion_statements import exclusion as record
from known_answers.scenarios.integrity_statements import integrity_information
from known_answers.scenarios.integrity_statements import record as integrity_record
from known_answers.scenarios.sam_statements import ADDRESS
from known_answers.scenarios.scenario_builder import Draft

_SIMPLIFIED_ACQUISITION_THRESHOLD = Decimal(350_000)
_SUBCONTRACTING_PLAN_THRESHOLD = Decimal(900_000)


def other_uei(draft: Draft) -> bool:
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
        draft.relied.add("instrument")
        draft.expect("D02", draft.instrument_subject, "blocking")
        needs = {"documents"}
    draft.expect("R03", prime, "advisory" if corrects else "blocking", needs=needs)
    return True


def other_party(draft: Draft) -> bool:
    """The instrument names the prime in another form, by another name, at another address, or by another CAGE code."""
    prime = draft.prime
    if draft.registration_of(prime.uei) is None or not draft.has_instrument():
        return False
    draft.relied.update({prime.uei, "instrument"})
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


def stray_flag(draft: Draft) -> bool:
    """A registration is flagged as excluded, and the list has no record of it."""
    firm = draft.rng.choice(draft.firms)
    row = draft.registration_of(firm.uei)
    if row is None or draft.expects("E01", firm.uei):
        return False
    row["entityRegistration"]["exclusionStatusFlag"] = "Y"
    draft.relied.add(firm.uei)
    draft.expect("E03", firm.uei, draft.grave)
    return True


def order(draft: Draft) -> bool:
    """A supply-chain security order of the Department of Homeland Security names a vendor."""
    firm = draft.rng.choice(draft.firms)
    if draft.expects("E01", firm.uei) or draft.expects("E03", firm.uei):
        return False
    draft.exclusions.append(
        record(
            uei=firm.uei,
            name=firm.name.title(),
            activated=draft.day - timedelta(days=draft.rng.randint(20, 300)),
            agency=("HS", "DEPT OF HOMELAND SECURITY"),
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


def debt(draft: Draft) -> bool:
    """The prime owes the Government; it may be awarded to all the same."""
    row = draft.registration_of(draft.prime.uei)
    if row is None:
        return False
    row["coreData"]["financialInformation"]["debtSubjectToOffset"] = "Y"
    draft.relied.add(draft.prime.uei)
    draft.expect("E07", draft.prime.uei, "advisory")
    return True


def unweighed_record(draft: Draft) -> bool:
    """SAM.gov has a record of the prime that the determination of responsibility does not mention."""
    row = draft.registration_of(draft.prime.uei)
    if row is None or draft.value <= _SIMPLIFIED_ACQUISITION_THRESHOLD:
        return False
    ended = draft.day - timedelta(days=draft.rng.randint(60, 1_500))
    row["integrityInformation"] = integrity_information(records=[integrity_record(ended)])
    for document in draft.documents:
        if document["docType"] == "RESP":
            document["extractedFields"].pop("considersIntegrity", None)
    draft.relied.add(draft.prime.uei)
    draft.expect("E06", draft.prime.uei, draft.grave if draft.action_type == "new_award" else "advisory")
    return True


def too_large(draft: Draft) -> bool:
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
    draft.relied.add(draft.prime.uei)
    draft.expect("C06", draft.piid, "blocking" if draft.action_type == "new_award" else "advisory")
    return True
