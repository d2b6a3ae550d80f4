"""Flaws a triage must find. Each changes what a system says and notes the finding, so that truth is known."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from mocks.scenarios import sam_statements
from mocks.scenarios.contract_statements import money
from mocks.scenarios.draft import Draft, Firm
from mocks.scenarios.exclusion_statements import exclusion as record
from mocks.scenarios.shape import JsonObject

Flaw = Callable[[Draft], bool]
"""Returns whether it applied; a draft it does not fit stays as it was."""

#: What each rule needs to hear. A rule whose source is silent finds nothing.
SOURCES: Mapping[str, frozenset[str]] = {
    "R01": frozenset({"sam-gov"}),
    "R02": frozenset({"sam-gov"}),
    "E01": frozenset({"debarment"}),
    "C02": frozenset({"contracts", "documents"}),
    "D01": frozenset({"documents"}),
    "E02": frozenset({"debarment"}),
    "F01": frozenset(),
    "F02": frozenset({"contracts"}),
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
    row = draft.entities[position]
    rule = "R01"
    match draft.rng.choice(("expired", "too early", "identifier only", "unknown")):
        case "expired":
            draft.entities[position] = sam_statements.entity(
                uei=firm.uei,
                name=firm.name,
                cage=firm.cage,
                expires=lapsed,
                active=False,
                excluded=draft.expects("E01", firm.uei),
            )
        case "too early":
            row["entityRegistration"]["registrationExpirationDate"] = lapsed.isoformat()
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
    adds_work = draft.action_type != "modification" or draft.amount > 0
    bars = kind != "Voluntary Exclusion"
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
    reported = [row for row in draft.awards if row["contractId"]["modificationNumber"] == draft.number]
    booked = [row for row in draft.lines if row["modification_number"] == draft.number]
    choices = (
        ["report"] * bool(reported) + ["line"] * bool(booked) + ["instrument"] * bool(reported or booked)
    )
    if not choices or draft.expects("D01", f"{draft.piid}:instrument"):
        return False
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
    required = {"AVFUNDS", "OPT_DF", "RESP", "SAMCHK"}
    present = [row for row in draft.documents if row["docType"] in required]
    # An instrument that is none would change what its amount is compared with.
    changeable = not draft.expects("C02", draft.piid)
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
    if draft.amount <= 0:
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
    source = draft.rng.choice(("sam-gov", "debarment", "contracts", "documents"))
    draft.faults[source] = draft.rng.choice(GENERATED_FAULTS)
    unseen = [each for each in draft.expected if source in SOURCES[each["rule"]]]
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
}


def _entity_of(draft: Draft, firm: Firm) -> int:
    return next(
        position
        for position, entity in enumerate(draft.entities)
        if entity["entityRegistration"]["ueiSAM"] == firm.uei
    )


def _shift(row: JsonObject, field: str, step: Decimal) -> None:
    row[field] = money(Decimal(row[field]) + step)
