"""The defects that a triage must find. Each changes what a system says, and records the expected finding."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from known_answers.scenarios import contract_defects, name_defects, party_defects, sam_defects
from known_answers.scenarios.contract_statements import money
from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.scenario_builder import ScenarioBuilder

Defect = Callable[[ScenarioBuilder], bool]
"""Returns whether it applied; if not, the scenario is unchanged."""

#: The services whose answers each rule needs, unless a finding says otherwise. The ledger is left out.
SOURCES: Mapping[str, frozenset[str]] = {
    "R01": frozenset({"sam-gov"}),
    "R02": frozenset({"sam-gov"}),
    "E01": frozenset({"debarment"}),
    "C02": frozenset({"contracts", "documents"}),
    "D01": frozenset({"documents"}),
    "E02": frozenset({"debarment"}),
    "R04": frozenset({"sam-gov", "documents"}),
    "E03": frozenset({"sam-gov", "debarment"}),
    "E04": frozenset({"sam-gov", "debarment"}),
    "E05": frozenset({"debarment"}),
    "E06": frozenset({"sam-gov", "documents"}),
    "E07": frozenset({"sam-gov"}),
    "C01": frozenset({"contracts", "documents"}),
    "C03": frozenset({"contracts"}),
    "C04": frozenset({"contracts"}),
    "C05": frozenset({"documents"}),
    "C06": frozenset({"sam-gov"}),
    "C07": frozenset({"contracts", "documents"}),
    "C08": frozenset({"contracts"}),
    "D02": frozenset({"documents"}),
    "D03": frozenset({"documents"}),
    "D04": frozenset({"contracts", "documents"}),
    "F01": frozenset(),
    "F02": frozenset({"contracts"}),
    "F03": frozenset(),
    "S01": frozenset({"documents"}),
}
#: Without `hang`, which takes the whole timeout of each try, and `401`, after which a caller may take new credentials.
GENERATED_FAULTS = ("500", "429", "garbage", "redirect", "oversize")


def amount(draft: ScenarioBuilder) -> bool:
    """The amount differs in the instrument, the contract system or the ledger."""
    reported, booked = draft.own_awards(), draft.own_lines()
    choices = (
        ["report"] * bool(reported) + ["line"] * bool(booked) + ["instrument"] * bool(reported or booked)
    )
    if not choices or not draft.has_instrument():
        return False
    draft.reserved.add("instrument")
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


def document(draft: ScenarioBuilder) -> bool:
    """A required document is absent or a draft, or the instrument is not signed."""
    required = {"AVFUNDS", "OPT_DF", "RESP", "SAMCHK"} - draft.reserved
    present = [row for row in draft.documents if row["docType"] in required]
    # Without a valid instrument, nothing would be compared with it.
    changeable = "instrument" not in draft.reserved
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


def funding(draft: ScenarioBuilder) -> bool:
    """Funds are short, not certified yet, or not committed at all."""
    if draft.amount <= 0 or "commitments" in draft.reserved:
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


def accounting_line(draft: ScenarioBuilder) -> bool:
    """The instrument prints another account, or another object class, than the ledger has."""
    printed = draft.printed_lines()
    if not printed or not draft.own_lines() or not draft.has_instrument():
        return False
    line = draft.rng.choice(printed)
    account = draft.rng.random() < 0.5  # noqa: PLR2004
    if account:
        line["tas"]["main"] = "0530"
    else:
        line["objectClass"] = "310"
    draft.reserved.add("instrument")
    draft.expect(
        "F05", f"{draft.piid}:{line['acrn']}", "blocking" if account else "advisory", needs={"documents"}
    )
    return True


def silent_source(draft: ScenarioBuilder) -> bool:
    """A source gives no usable answer: what it would have shown cannot be found."""
    contracts = () if "value" in draft.reserved else ("contracts",)
    source = draft.rng.choice(("sam-gov", "debarment", *contracts, "documents"))
    draft.faults[source] = draft.rng.choice(GENERATED_FAULTS)
    unseen = [finding for finding in draft.expected if source in _needed(draft, finding)]
    draft.expected = [finding for finding in draft.expected if finding not in unseen]
    for finding in unseen:
        draft.forbid(finding["rule"], finding["subject"])
    draft.expect("S01", source, draft.usual_severity)
    return True


#: Defects and their relative frequency. The silent source is added last, since it hides what others show.
DEFECTS: Mapping[Defect, int] = {
    sam_defects.registration: 26,
    sam_defects.exclusion: 12,
    sam_defects.namesake: 5,
    name_defects.doing_business_as: 3,
    name_defects.excluded_relative: 3,
    name_defects.excluded_signatory: 2,
    amount: 22,
    document: 24,
    funding: 16,
    party_defects.other_uei: 6,
    party_defects.other_party: 9,
    sam_defects.stray_flag: 4,
    sam_defects.order: 2,
    party_defects.debt: 6,
    party_defects.unweighed_record: 5,
    party_defects.too_large: 4,
    contract_defects.unreported: 8,
    contract_defects.ceiling: 5,
    contract_defects.ends_early: 3,
    contract_defects.not_open: 5,
    contract_defects.option_terms: 6,
    contract_defects.coding: 6,
    contract_defects.defect: 7,
    contract_defects.assurance: 8,
    contract_defects.no_plan: 5,
    contract_defects.last_years_funds: 6,
    accounting_line: 9,
    sam_defects.early_check: 6,
}


def _needed(draft: ScenarioBuilder, finding: JsonObject) -> frozenset[str]:
    own = draft.needs.get((finding["rule"], finding["subject"]))
    return SOURCES[finding["rule"]] if own is None else own


def _shift(row: JsonObject, field: str, step: Decimal) -> None:
    row[field] = money(Decimal(row[field]) + step)
