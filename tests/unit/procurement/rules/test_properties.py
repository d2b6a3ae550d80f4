"""What holds for all rules together, whatever the five systems say."""

import re
from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.procurement.action import ActionType, OptionExercise, Payment, ProcurementAction, Vendor, VendorRole
from app.procurement.case_file import CaseFile, Evidence, Gap
from app.procurement.contract_facts import (
    AccountingLine,
    Commitment,
    FiledDocument,
    ObligationLine,
    OptionTerms,
    ReportedAction,
    Tas,
)
from app.procurement.facts import Address
from app.procurement.rules import CHECKS, evaluate
from app.procurement.rules.support.applicability import does_not_apply
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, HiddenEntity, IntegrityRecord, Owner, Registration

LOOKED = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)
PIID, VEHICLE = "70ZZ0126C0001", "70ZZ0124D0001"
NAMES = ("Kestrel Harbor Marine, Inc.", "Osprey Paint Co.", "Lantern & Sons Holding L.L.C.")
UEIS = ("ZZ9TESTVNDR1", "ZZ9TESTVNDR2", "ZZ9TESTVNDR3")
CAGES = ("9ZZ91", "9ZZ92", None)
SOURCES = {
    Registration: Source.SAM_GOV,
    HiddenEntity: Source.SAM_GOV,
    Exclusion: Source.DEBARMENT,
    ReportedAction: Source.CONTRACTS,
    FiledDocument: Source.DOCUMENTS,
    Commitment: Source.LEDGER,
    ObligationLine: Source.LEDGER,
}
PAPERS = (
    "SF-1449",
    "SF-30",
    "AVFUNDS",
    "SAMCHK",
    "RESP",
    "OPT_DF",
    "JA",
    "SBSP",
    "COI",
    "COR",
    "NOV",
    "SF-26",
)

DAYS = tuple(
    date.fromisoformat(day) for day in ("2025-09-30", "2026-02-01", "2026-09-10", "2026-09-14", "2027-09-30")
)
DOLLARS = tuple(map(Decimal, ("0", "0.50", "15000", "250000", "250000", "249999.5", "1200000")))
SYMBOLS = tuple(
    Tas(agency=agency, main=main, allocation_transfer=transfer, available_from=2025, available_to=last)
    for agency, main, transfer, last in (
        ("070", "0613", None, 2025),
        ("70", "0613", None, 2026),
        ("070", "0540", None, None),
        ("070", "0613", "097", 2025),
    )
)
PLACES = (Address(city="Norfolk", state="VA"), Address(city="Reno", state="NV"))
OWNERS = tuple(Owner(name=name, cage=cage) for name, cage in zip(NAMES, CAGES, strict=True))
NUMBERS = ("0", "P00001", "P00002", "A00001")
#: What a field may hold, by its name; a name that is not here is found by type.
POOLS = {
    **dict.fromkeys(("uei", "vendor_uei", "printed_uei"), UEIS),
    **dict.fromkeys(("cage", "printed_cage"), CAGES),
    **dict.fromkeys(("legal_name", "name", "printed_name", "vendor_name"), NAMES),
    **dict.fromkeys(("modification", "printed_modification"), NUMBERS),
    **dict.fromkeys(("address", "printed_address"), PLACES),
    **dict.fromkeys(("immediate_owner", "highest_owner"), OWNERS),
    **dict.fromkeys(("exclusion_flag", "debt_flag"), ("Y", "N")),
    "piid": (PIID, PIID, PIID, VEHICLE),
    "printed_piid": (PIID, PIID, VEHICLE),
    "referenced_idv": (VEHICLE,),
    "purpose": ("Z1", "Z2"),
    "predecessors": tuple((owner,) for owner in OWNERS),
    "small_for": (frozenset({"336611"}),),
    "not_small_for": (frozenset({"541330"}),),
    "integrity_records": ((IntegrityRecord(kind="T4C", recorded=date(2025, 1, 1)),),),
    "exclusion_type": ("Ineligible (Proceedings Completed)", "Prohibition/Restriction"),
    "program": ("Reciprocal",),
    "agency": ("NAVY",),
    "aliases": tuple((name,) for name in NAMES),
    "other_ueis": tuple((uei,) for uei in UEIS),
    "classification": ("Firm", "Individual"),
    "reason": ("A", "B", "C", "E", "J", "V", "W"),
    "naics": ("336611", "541330"),
    "psc": ("R425", "1940", "Y1AA", "B506"),
    "pricing": ("J", "U"),
    "competition": ("A", "C"),
    "set_aside": ("NONE", "SBA", "8AN"),
    "size": ("S", "O"),
    "subcontract_plan": ("B", "F"),
    "document_id": ("DOC-1", "DOC-2", "DOC-3"),
    "doc_type": PAPERS,
    "signatories": tuple((name,) for name in NAMES),
    "covers": tuple((paper,) for paper in PAPERS),
    "accounting": tuple((AccountingLine(acrn=acrn, tas=tas),) for acrn in ("AA", None) for tas in SYMBOLS),
    "options": tuple((OptionTerms(number=1, price=price, exercise_by=DAYS[2]),) for price in DOLLARS),
    "tas": SYMBOLS,
    "acrn": ("AA", "AB"),
    "fund_type": ("annual", "no-year"),
    "fund_status": ("current", "expired", "cancelled"),
    "amount": (*DOLLARS, *(-amount for amount in DOLLARS)),
    "rows": (1,),
    "currency": ("USD",),
}
STATUS = {
    Registration: ("Active", "Expired", "ID Assigned"),
    ReportedAction: ("final", "final", "draft", "deleted"),
    FiledDocument: ("final", "final", "draft"),
    Commitment: ("certified", "pending"),
}
BY_TYPE = {"bool": (True, False), "date": DAYS, "Decimal": DOLLARS, "int": (0, 1), "str": ("X",)}


def invented(kind, chance):
    """A fact with every field it needs and about half of those it may have."""
    stated = {}
    for field in fields(kind):
        needed = field.default is MISSING and field.default_factory is MISSING
        pool = STATUS[kind] if field.name == "status" else POOLS.get(field.name)
        if pool is None:
            # A type is written as "date", or as "date | None".
            written = field.type.__name__ if isinstance(field.type, type) else str(field.type)
            pool = next((values for name, values in BY_TYPE.items() if name in written), None)
        if pool is not None and (needed or chance.random() < 0.5):
            stated[field.name] = chance.choice(pool)
    return kind(**stated)


def action(chance):
    """An action of any type with three vendors."""
    kind = chance.choice(list(ActionType))
    clauses = ("52.232-18", "52.232-19", "52.232-22", "52.204-13")
    option = OptionExercise(number=1, price=chance.choice(DOLLARS), notice_date=chance.choice(DAYS))
    pool = {
        name: (None, *POOLS[name])
        for name in ("reason", "naics", "psc", "pricing", "competition", "set_aside", "referenced_idv")
    }
    return ProcurementAction(
        action_id="ACT-1",
        action_type=kind,
        piid=PIID,
        modification=None if kind is ActionType.NEW_AWARD else chance.choice(NUMBERS[1:3]),
        amount=chance.choice(POOLS["amount"]),
        effective_date=chance.choice(DAYS),
        description="Repair",
        vendors=tuple(
            Vendor(uei=uei, name=name, role=role, cage=chance.choice(CAGES))
            for uei, name, role in zip(UEIS, NAMES, VendorRole, strict=True)
        ),
        **{name: chance.choice(values) for name, values in pool.items()},
        **{
            name: chance.choice((None, *DAYS)) for name in ("period_start", "period_end", "solicitation_date")
        },
        **{
            name: chance.random() < 0.3
            for name in ("defense", "construction", "on_installation", "unilateral")
        },
        total_value=chance.choice((None, *DOLLARS)),
        payment=chance.choice(list(Payment)),
        option=option if kind is ActionType.OPTION else None,
        clauses=frozenset(clause for clause in clauses if chance.random() < 0.2),
    )


def invented_case(seed, count):
    """An action and what the systems say of it, under keys that may repeat."""
    chance = Random(seed)
    evidence = tuple(
        Evidence(
            evidence_id=UUID(int=number),
            source=SOURCES[type(fact)],
            record_key=f"record {chance.randrange(4)}",
            fact=fact,
            pulled_at=LOOKED,
        )
        for number, fact in enumerate(invented(chance.choice(list(SOURCES)), chance) for _ in range(count))
    )
    return CaseFile(action=action(chance), evidence=evidence, as_of=chance.choice((None, LOOKED)))


def case_files():
    """Drawn by a seed: a case file has hundreds of fields, too many to draw one by one."""
    return st.builds(invented_case, st.integers(0, 2**32 - 1), st.integers(0, 16))


def silenced(case, silent):
    """The same case, had these sources not answered."""
    return replace(
        case,
        evidence=tuple(item for item in case.evidence if item.source not in silent),
        gaps=tuple(Gap(source=source, reason="HTTP 429") for source in sorted(silent)),
    )


def told(found):
    """Findings without the ids of their evidence."""
    return [
        (
            each.rule,
            each.severity,
            each.subject,
            each.because,
            [(value.source, value.label, value.value) for value in each.values],
        )
        for each in found
    ]


def marks(found):
    return [(each.rule, each.severity, each.subject) for each in found]


def respelled(name):
    """Another case and other punctuation, the same words."""
    return re.sub(r"[.,]", "", name).upper().replace(" ", "  ")


many = settings(max_examples=100)
sets_of_sources = st.sets(st.sampled_from(list(Source)), min_size=1)


@many
@given(data=st.data(), case=case_files())
def test_the_order_of_vendors_and_rows_does_not_matter(data, case):
    shuffled = replace(
        case,
        action=replace(case.action, vendors=tuple(data.draw(st.permutations(case.action.vendors)))),
        evidence=tuple(data.draw(st.permutations(case.evidence))),
    )
    assert told(evaluate(shuffled)) == told(evaluate(case))


@many
@given(case=case_files(), role=st.sampled_from([VendorRole.SUBCONTRACTOR, VendorRole.OWNER]))
def test_an_unrelated_vendor_adds_no_finding_to_another(case, role):
    stranger = Vendor(uei="ZZ9TESTVNDR9", name="Quartz Meadow Bakery", role=role)
    joined = replace(case, action=replace(case.action, vendors=(*case.action.vendors, stranger)))
    others = [mark for mark in marks(evaluate(joined)) if stranger.uei not in mark[2]]
    assert others == marks(evaluate(case))


@many
@given(case=case_files(), silent=sets_of_sources)
def test_a_case_with_a_gap_is_never_clear(case, silent):
    found = evaluate(silenced(case, silent))
    assert {source.value for source in silent} <= {each.subject for each in found if each.rule == "S01"}
    blind = {rule.id for rule in CHECKS if silent & set(rule.sources)}
    assert blind.isdisjoint(each.rule for each in found)


@many
@given(case=case_files(), silent=sets_of_sources, more=sets_of_sources)
def test_another_gap_takes_no_check_off_the_list_of_those_not_made(case, silent, more):
    def not_made(gaps):
        found = [each for each in evaluate(silenced(case, gaps)) if each.rule == "S01"]
        return {rule for each in found for rule in re.findall(r"[A-Z]\d\d", each.values[1].value)}

    assert not_made(silent) <= not_made(silent | more)
    due = {
        rule.id for rule in CHECKS if does_not_apply(rule, case.action) is None and silent & set(rule.sources)
    }
    assert due == not_made(silent)


@many
@given(case=case_files())
def test_punctuation_and_case_of_a_vendors_name_change_nothing(case):
    vendors = tuple(replace(vendor, name=respelled(vendor.name)) for vendor in case.action.vendors)
    renamed = replace(case, action=replace(case.action, vendors=vendors))
    assert marks(evaluate(renamed)) == marks(evaluate(case))


@many
@given(case=case_files())
def test_findings_are_neutral_show_both_values_and_are_told_apart(case):
    found = evaluate(case)
    assert len({(each.rule, each.subject) for each in found}) == len(found)
    for each in found:
        assert not re.search(
            r"violat|fraud|illegal|guilty|unlawful|non-?complian|wrong",
            f"{each.because} {each.title}".lower(),
        )
        assert len(each.values) >= 2, (each.rule, each.because)
        assert each.because.endswith((".", "?"))
        assert each.severity in {"blocking", "advisory"}


@many
@given(case=case_files())
def test_a_check_that_does_not_apply_finds_nothing(case):
    off = {rule.id for rule in CHECKS if does_not_apply(rule, case.action)}
    assert off.isdisjoint(each.rule for each in evaluate(case))


def test_the_invented_cases_reach_every_rule():
    """Properties of rules that never find anything would be empty."""
    missing = {rule.id for rule in CHECKS}
    for seed in range(1500):
        missing -= {each.rule for each in evaluate(invented_case(seed, 16))}
        if not missing:
            break
    assert missing == set()
