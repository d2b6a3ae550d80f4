"""How values are written for an officer."""

from collections.abc import Iterable
from decimal import Decimal


def money(amount: Decimal) -> str:
    """Dollars and cents such as $250,000.00, with the minus sign in front."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.2f}"


def listed(words: Iterable[str], *, last: str) -> str:
    """Words as a sentence lists them: "a, b or c" when `last` is "or"."""
    *front, end = words
    return f"{', '.join(front)} {last} {end}" if front else end
