"""The contract before the action: awarded within the last year, with room for the action."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from known_answers.scenarios import award_statements, contract_statements, ledger_statements
from known_answers.scenarios.award_statements import Totals, a_year_from
from known_answers.scenarios.coding import read
from known_answers.scenarios.contract_statements import money
from known_answers.scenarios.scenario_builder import ScenarioBuilder

#: Options a contract still has after the action, in dollars.
HEADROOM = Decimal(25_000)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """The award that an action changes; for a new award, an empty contract."""

    amount: Decimal
    day: date
    totals: Totals

    @property
    def ends(self) -> date:
        """The last day of performance before the action."""
        return a_year_from(self.day)


def base_of(draft: ScenarioBuilder) -> Base:
    """A contract awarded within the last year that has room for this action."""
    if not draft.modification:
        empty = Totals(obligated=Decimal(0), exercised=draft.amount, all_options=draft.amount + HEADROOM)
        return Base(amount=Decimal(0), day=draft.day, totals=empty)
    amount = Decimal(draft.rng.randrange(60_000, 2_000_000, 500)) + max(-draft.amount, Decimal(0))
    more = max(draft.amount, Decimal(0))
    exercised = amount if draft.action_type == "option" else amount + more
    return Base(
        amount=amount,
        day=draft.day - timedelta(days=draft.rng.randint(200, 360)),
        totals=Totals(obligated=amount, exercised=exercised, all_options=amount + more + HEADROOM),
    )


def state_base(draft: ScenarioBuilder, base: Base) -> None:
    """The award that this action changes: reported, filed and booked, with the terms of its option."""
    draft.awards.append(
        award_statements.award(
            piid=draft.piid,
            modification="0",
            amount=base.amount,
            totals=base.totals,
            signed=base.day,
            uei=draft.prime.uei,
            name=draft.prime.name,
            cage=draft.prime.cage,
            coding=draft.coding,
        )
    )
    book(draft, "0", amount=base.amount, number=1, day=base.day, funds_of=base.day)
    option = {
        "number": 1,
        "price": money(draft.amount),
        "exerciseFrom": (draft.day - timedelta(days=60)).isoformat(),
        "exerciseBy": draft.day.isoformat(),
        "preliminaryNoticeDays": 60,
        "latestEnd": a_year_from(a_year_from(base.ends + _DAY) + _DAY).isoformat(),
    }
    draft.documents.append(
        contract_statements.document(
            doc_type="SF-1449",
            piid=draft.piid,
            modification="0",
            uei=draft.prime.uei,
            day=base.day,
            amount=base.amount,
            printed={"options": read([option])} if draft.action_type == "option" else {},
        )
    )


def book(
    draft: ScenarioBuilder, modification: str, *, amount: Decimal, number: int, day: date, funds_of: date
) -> None:
    """Add a line to the ledger, on the funds of the year of `funds_of` as they stand on the day of the action."""
    draft.lines.append(
        ledger_statements.obligation(
            piid=draft.piid,
            modification=modification,
            amount=amount,
            day=day,
            uei=draft.prime.uei,
            acrn=acrn_of(number),
            clin=f"{number:04d}",
            funds_of=funds_of,
            as_of=draft.day,
        )
    )


def acrn_of(number: int) -> str:
    """AA, AB or AC."""
    return f"A{'ABC'[number - 1]}"
