"""Flaws a triage must find. Each changes what a system says and notes the finding, so that truth is known."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from known_answers.scenarios import contract_defects, party_defects, sam_statements
from known_answers.scenarios.contract_statements import money
from known_answers.scenarios.exclusion_statements import exclusion as record
from known_answers.scenarios.scenario_builder import Draft, Firm
from known_answers.scenarios.shape import JsonObject

Flaw = Callable[[Draft], bool]
"""Returns whether it applied; a draft it does not fit stays as it was."""

#: What each rule needs to hear, the ledger aside, where a finding does not say otherwise.
SOURCES: Mapping[str, frozenset[str]] = {
    "R01": frozenset({"sam-gov"}),
    "R02": frozenset({"sam-gov"}),
    "E01": frozenset({"debarment"}),
    "C02": frozenset({"contracts", "documents"}),
    "D01": frozenset({"documents"}),
    "E02": frozenset({"debarment"}),
    "R04": frozenset({"sam-gov", "documents"}),
    "E03": frozenset({"sam-gov", "debarment"}),
    "E05": frozenset({"debarment"}),
    "E06": frozenset({"sam-gov", "documents"}),
    "E07": frozenset({"sam-gov"}),
    "C01": frozenset({"contracts", "documents"}),
    "C03": frozenset({"contracts"}),
    "C04": frozenset({"contracts"}),
    "C05": frozenset({"documents"}),
    "C06": frozenset({"sam-gov"}),
    "C07": frozenset({"contracts", "documents"}),
    "D02": frozenset({"documents"}),
    "D03": frozenset({"documents"}),
    "D04": frozenset({"contracts", "documents"}),
    "F01": frozenset(),
    "F02": frozenset({"contracts"}),
    "F03": frozenset(),
    "S01": frozenset({"documents"}),
}
#: Not `hang`, which costs every try its whole timeout, nor `401`, after which a caller may take new credentials.
GENERATED_FAULTS = ("500", "429", "garbage", "redirect", "oversize")

_AGENCIES = (
    ("AF", "DEPT OF THE AIR FORCE"),
    ("EPA", "ENVIRONMENTAL PROTECTION AGENCY"),
    ("GSA", "GENERAL SERVICES ADMINISTRATION"),
)
_KINDS = ("Ineligible (Proceedings Completed)", "Ineligible (Proceedings Pending)", "Voluntary Exclusion")


def registration(draft: Draft) -> bool:
    """A prime or subcontractor is expired, expires too early, only has an identifier, or is unknown."""
    firm = draft.rng.choice([firm for firm in draft.firms if firm.role != "owner"])
    position = _entity_of(draft, firm)
    lapsed = draft.day - timedelta(days=draft.rng.randint(1, 120))
    row = draft.entities[position]["entityRegistration"]
    rule = "R01"
    absent = [] if firm.uei in draft.relied else ["identifier only", "unknown"]
    match draft.rng.choice(["expired", "too early", *absent]):
        case "expired":
            renewed = lapsed - timedelta(days=364)
            row.update(
                registrationStatus="Expired",
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
            del draft.entities[position]
    draft.expect(rule, firm.uei, draft.grave)
    return True


def exclusion(draft: Draft) -> bool:
    """One of the vendors is excluded on the day of the action."""
    firm = draft.rng.choice(draft.firms)
    if draft.expects("E01", firm.uei) or draft.expects("E03", firm.uei):
        return False
    kind = draft.rng.choice(_KINDS)
    row = record(
        uei=firm.uei,
        name=firm.name.title(),
        activated=draft.day - timedelta(days=draft.rng.randint(5, 900)),
        agency=draft.rng.choice(_AGENCIES),
        kind=kind,
    )
    draft.exclusions.append(row)
    for entity in draft.entities:
        registration = entity["entityRegistration"]
        if registration["ueiSAM"] == firm.uei and registration["samRegistered"] == "Yes":
            registration["exclusionStatusFlag"] = "Y"
    bars = kind != "Voluntary Exclusion"
    if draft.action_type == "modification":
        # Its money is for work agreed before, as the reports show: current contracts may continue.
        draft.relied.add("value")
    adds_work = draft.action_type != "modification"
    draft.expect("E01", firm.uei, "blocking" if adds_work and bars else "advisory")
    return True


def namesake(draft: Draft) -> bool:
    """A record without an identifier has a vendor's name and place."""
    firm = draft.rng.choice(draft.firms)
    if draft.expects("E01", firm.uei):
        return False
    draft.exclusions.append(
        record(uei=None, name=firm.name, activated=draft.day - timedelta(days=draft.rng.randint(20, 900)))
    )
    draft.expect("E02", firm.uei, "advisory")
    return True


def amount(draft: Draft) -> bool:
    """The instrument, the contract system or the ledger has another amount than the others."""
    reported, booked = draft.own_awards(), draft.own_lines()
    choices = (
        ["report"] * bool(reported) + ["line"] * bool(booked) + ["instrument"] * bool(reported or booked)
    )
    if not choices or not draft.has_instrument():
        return False
    draft.relied.add("instrument")
    step = Decimal(draft.rng.choice((-900, -10, 10, 90, 2_700, 10_000)))
    choice = draft.rng.choice(choices)
    if choice == "report":
        details = reported[0]["awardDetails"]
        _shift(details["dollars"], "actionObligation", step)
        for total in details["totalContractDollars"]:  # which the contract system adds up by itself
            _shift(details["totalContractDollars"], total, step)
    elif choice == "line":
        field = "obligated" if draft.amount > 0 else "deobligated"
        _shift(booked[0], field, abs(step))
    else:
        _shift(draft.instrument(), "amount", step)
    # An instrument disagrees with its funding lines, in the ledger or on its own page.
    funded = choice == "instrument" and "accounting" in draft.instrument()["extractedFields"]
    draft.expect("C02", draft.piid, "blocking" if choice == "line" or funded else "advisory")
    if reported and booked and choice != "instrument":
        draft.expect("F02", draft.piid, "advisory")
    return True


def document(draft: Draft) -> bool:
    """A required document is absent or a draft, or the instrument is not signed."""
    required = {"AVFUNDS", "OPT_DF", "RESP", "SAMCHK"} - draft.relied
    present = [row for row in draft.documents if row["docType"] in required]
    # An instrument that is none would change what is compared with it.
    changeable = "instrument" not in draft.relied
    if not present and not changeable:
        return False
    if not present or (changeable and draft.rng.random() < 0.25):  # noqa: PLR2004
        instrument = draft.instrument()
        instrument["signatories"] = []
        instrument["signedDates"] = {"co": None, "contractor": None}
        if draft.rng.random() < 0.5:  # noqa: PLR2004
            instrument["status"] = "draft"
        draft.expect("D01", f"{draft.piid}:instrument", "blocking")
        return True
    missing = draft.rng.choice(present)
    if draft.rng.random() < 0.4:  # noqa: PLR2004
        missing["status"] = "draft"
    else:
        draft.documents.remove(missing)
    doc_type = missing["docType"]
    draft.expect("D01", f"{draft.piid}:{doc_type}", "advisory" if doc_type == "SAMCHK" else "blocking")
    return True


def funding(draft: Draft) -> bool:
    """Funds are short, not certified yet, or not committed at all."""
    if draft.amount <= 0 or "commitments" in draft.relied:
        return False
    last = draft.commitments[-1]
    match draft.rng.choice(("short", "pending", "absent")):
        case "short":
            last["amount"] = money(Decimal(last["amount"]) * draft.rng.randint(50, 95) / 100)
        case "pending":
            last.update(status="pending", certified_by=None, certified_at=None)
        case _:
            draft.commitments.clear()
    draft.expect("F01", draft.piid, "blocking")
    return True


def silent_source(draft: Draft) -> bool:
    """A source gives no usable answer: whatever it would have shown cannot be found."""
    contracts = () if "value" in draft.relied else ("contracts",)
    source = draft.rng.choice(("sam-gov", "debarment", *contracts, "documents"))
    draft.faults[source] = draft.rng.choice(GENERATED_FAULTS)
    unseen = [each for each in draft.expected if source in _needed(draft, each)]
    draft.expected = [each for each in draft.expected if each not in unseen]
    for each in unseen:
        draft.forbid(each["rule"], each["subject"])
    draft.expect("S01", source, draft.grave)
    return True


#: By frequency. The silent source comes last, since it hides what others would show.
FLAWS: Mapping[Flaw, int] = {
    registration: 26,
    exclusion: 12,
    namesake: 5,
    amount: 22,
    document: 24,
    funding: 16,
    party_defects.other_uei: 6,
    party_defects.other_party: 9,
    party_defects.stray_flag: 4,
    party_defects.order: 2,
    party_defects.debt: 6,
    party_defects.unweighed_record: 5,
    party_defects.too_large: 4,
    contract_defects.unreported: 8,
    contract_defects.ceiling: 5,
    contract_defects.not_open: 5,
    contract_defects.option_terms: 6,
    contract_defects.coding: 6,
    contract_defects.defect: 7,
    contract_defects.assurance: 8,
    contract_defects.no_plan: 5,
    contract_defects.last_years_funds: 6,
    contract_defects.accounting_line: 9,
    contract_defects.early_check: 6,
}


def _needed(draft: Draft, finding: JsonObject) -> frozenset[str]:
    own = draft.needs.get((finding["rule"], finding["subject"]))
    return SOURCES[finding["rule"]] if own is None else own


def _entity_of(draft: Draft, firm: Firm) -> int:
    return next(
        position
        for position, entity in enumerate(draft.entities)
        if entity["entityRegistration"]["ueiSAM"] == firm.uei
    )


def _shift(row: JsonObject, field: str, step: Decimal) -> None:
    row[field] = money(Decimal(row[field]) + step)
