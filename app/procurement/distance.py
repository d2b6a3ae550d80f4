"""How far compared values are apart: dollars and percent, or days."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.procurement.labels import plural
from app.procurement.rules.support.value_text import money

_MONEY = re.compile(r"(-?)\$(\d{1,3}(?:,\d{3})*(?:\.\d\d)?)")
_DAY = re.compile(r"(?<![\d-])\d{4}-\d\d-\d\d(?![\d-])")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Stated:
    """A value with the name of who states it, and the side of the comparison it adds to; None if it adds to none."""

    who: str
    value: str
    side: str | None = None


def amounts_apart(values: Sequence[Stated]) -> Iterator[str]:
    """The first side against each other one that differs. Amounts of one system and side add up."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for each in values:
        amount = _amount(each.value)
        if amount is not None and each.side is not None:
            sums.setdefault((each.who, each.side), []).append(amount)
    (first, *others) = [(who, sum(parts), len(parts)) for (who, _), parts in sums.items()] or [("", 0, 0)]
    base = Decimal(first[1])
    for who, total, parts in others:
        if apart := base - total:
            yield (
                f"{money(base)}{_together(first[2])} against {money(Decimal(total))}{_together(parts)} ({who}):"
                f" {money(abs(apart))} {'more' if apart > 0 else 'less'}{_percent(apart, Decimal(total))}"
            )


def days_apart(values: Sequence[Stated]) -> Iterator[str]:
    """The first date against each other one that differs, of values with a single date each."""
    found = [(each.who, day) for each in values if (day := _only_day(each.value))]
    for who, day in found[1:]:
        if apart := (found[0][1] - day).days:
            yield f"{found[0][1]} against {day} ({who}): {plural(abs(apart), 'day')} {'later' if apart > 0 else 'earlier'}"


def _amount(text: str) -> Decimal | None:
    match = _MONEY.fullmatch(text)
    return None if match is None else Decimal(match[1] + match[2].replace(",", ""))


def _together(parts: int) -> str:
    return f" in {parts} amounts" if parts > 1 else ""


def _percent(apart: Decimal, base: Decimal) -> str:
    """How much that is of the other amount, if there is one to compare with."""
    if not base:
        return ""
    share = abs(apart / base) * 100
    return f" ({share:,.1f} %)" if share >= _TENTH else " (less than 0.1 %)"


def _only_day(text: str) -> date | None:
    days = _DAY.findall(text)
    if len(days) != 1:
        return None
    try:
        return date.fromisoformat(days[0])
    except ValueError:
        return None
