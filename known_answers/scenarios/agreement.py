"""Fills a scenario with answers in which all systems agree about the action."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from known_answers.scenarios import award_statements, ledger_statements, sam_statements
from known_answers.scenarios.award_statements import Totals, a_year_from
from known_answers.scenarios.base_award import HEADROOM, Base, acrn_of, base_of, book, state_base
from known_answers.scenarios.coding import read
from known_answers.scenarios.contract_statements import fiscal_year, money
from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.scenario_builder import ScenarioBuilder

#: Above this many dollars a new award needs a determination of responsibility on file (since 1 October 2025).
SIMPLIFIED_ACQUISITION_THRESHOLD = Decimal(350_000)
_DAY = timedelta(days=1)


def state_agreement(draft: ScenarioBuilder, *, instrument: str, reported: bool, booked: bool) -> None:
    """Add answers that agree. Before signature, the report and the ledger lines may still be missing."""
    draft.title = f"Clean {draft.action_type.replace('_', ' ')}"
    for firm in draft.firms:
        expires = draft.day + timedelta(days=draft.rng.randint(20, 340))
        draft.entities.append(
            sam_statements.entity(uei=firm.uei, name=firm.name, cage=firm.cage, expires=expires)
        )
    base = base_of(draft)
    _state_terms(draft, base)
    parts = list(_parts(draft.rng, draft.amount)) if draft.amount else []
    funds_of = base.day if draft.amount < 0 else draft.day
    _fill_contract_file(draft, instrument, lines=list(_printed_lines(parts, fiscal_year(funds_of))))
    if draft.amount > 0:
        _commit(draft)
    if draft.modification:
        state_base(draft, base)
    if reported:
        _report(draft, base)
    if booked:
        for number, part in enumerate(parts, start=1):
            book(draft, draft.number, amount=part, number=number, day=draft.day, funds_of=funds_of)


def _state_terms(draft: ScenarioBuilder, base: Base) -> None:
    draft.terms.update(draft.coding.of_action())
    match draft.action_type:
        case "new_award":
            draft.terms.update(
                period_start=draft.day.isoformat(),
                period_end=a_year_from(draft.day).isoformat(),
                total_value=money(draft.amount + HEADROOM),
            )
        case "option":
            start = base.ends + _DAY
            draft.terms.update(
                reason="G",
                period_start=start.isoformat(),
                period_end=a_year_from(start).isoformat(),
                option={
                    "number": 1,
                    "price": money(draft.amount),
                    "notice_date": (draft.day - timedelta(days=10)).isoformat(),
                    "preliminary_notice_date": (draft.day - timedelta(days=75)).isoformat(),
                },
            )
        case _:
            draft.terms.update(reason="C" if draft.amount else "M")


def _fill_contract_file(draft: ScenarioBuilder, instrument: str, *, lines: Sequence[JsonObject]) -> None:
    draft.file(
        instrument, amount=draft.amount, printed=draft.page() | ({"accounting": read(lines)} if lines else {})
    )
    if draft.amount > 0:
        draft.file("AVFUNDS", amount=draft.amount)
    if draft.action_type == "option":
        draft.file("OPT_DF", amount=draft.amount)
    if draft.action_type == "new_award":
        draft.file("PR", amount=draft.amount)
        if draft.amount + HEADROOM > SIMPLIFIED_ACQUISITION_THRESHOLD:
            draft.file("RESP", printed={"considersIntegrity": read(value=True)})
    if draft.action_type != "modification":
        draft.file("SAMCHK", printed={"checkedOn": read(draft.day.isoformat())})


def _printed_lines(parts: Sequence[Decimal], year: int) -> Iterator[JsonObject]:
    for number, part in enumerate(parts, start=1):
        yield {
            "acrn": acrn_of(number),
            "tas": ledger_statements.tas_components(year),
            "amount": money(part),
            "objectClass": "252",
        }


def _commit(draft: ScenarioBuilder) -> None:
    for part in _parts(draft.rng, draft.amount):
        number = f"PR-{draft.day:%y}-{draft.rng.randrange(100_000):05d}{len(draft.commitments) + 1}"
        draft.commitments.append(
            ledger_statements.commitment(
                pr_number=number, piid=draft.piid, modification=draft.number, amount=part, day=draft.day
            )
        )


def _report(draft: ScenarioBuilder, base: Base) -> None:
    exercised = base.totals.exercised or Decimal(0)
    if draft.action_type == "option":
        exercised += draft.amount
    totals = Totals(
        obligated=base.amount + draft.amount, exercised=exercised, all_options=base.totals.all_options
    )
    ends = draft.terms.get("period_end")
    draft.awards.append(
        award_statements.award(
            piid=draft.piid,
            modification=draft.number,
            amount=draft.amount,
            totals=totals,
            signed=draft.day,
            uei=draft.prime.uei,
            name=draft.prime.name,
            cage=draft.prime.cage,
            reason=draft.terms.get("reason"),
            starts=base.day,
            ends=date.fromisoformat(ends) if ends else base.ends,
            funds_of=base.day if draft.amount < 0 else draft.day,
            coding=draft.coding,
        )
    )


def _parts(rng: Random, amount: Decimal) -> Iterator[Decimal]:
    """One to three amounts with that sum."""
    if abs(amount) < 30_000 or rng.random() < 0.6:  # noqa: PLR2004
        yield amount
        return
    first = (amount * rng.randint(40, 70) / 100).quantize(Decimal(1))
    yield first
    if rng.random() < 0.6:  # noqa: PLR2004
        yield amount - first
        return
    second = ((amount - first) / 2).quantize(Decimal(1))
    yield second
    yield amount - first - second
