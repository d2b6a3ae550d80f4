"""Dollar thresholds as dated data: the one in force is chosen by the day of solicitation or award, not by today's.

Source: the threshold table of acquisition.gov; increases of 1 October 2025.
"""

from datetime import date
from decimal import Decimal

_INFLATION_2025 = date(2025, 10, 1)

#: The oldest first.
Dated = tuple[tuple[date, Decimal], ...]

SIMPLIFIED_ACQUISITION: Dated = ((date(2020, 8, 31), Decimal(250_000)), (_INFLATION_2025, Decimal(350_000)))
MICRO_PURCHASE: Dated = ((date(2020, 8, 31), Decimal(10_000)), (_INFLATION_2025, Decimal(15_000)))
SUBCONTRACTING_PLAN: Dated = ((date(2020, 8, 31), Decimal(750_000)), (_INFLATION_2025, Decimal(900_000)))
SUBCONTRACTING_PLAN_CONSTRUCTION: Dated = (
    (date(2020, 8, 31), Decimal(1_500_000)),
    (_INFLATION_2025, Decimal(2_000_000)),
)
#: Up to here an 8(a) award to a sole source needs no separate justification.
EIGHT_A_JUSTIFICATION: Dated = (
    (date(2020, 8, 31), Decimal(25_000_000)),
    (_INFLATION_2025, Decimal(30_000_000)),
)


def in_force(threshold: Dated, day: date) -> Decimal:
    """The amount in force on this day, in dollars; the oldest known one for days before all of them."""
    for since, amount in reversed(threshold):
        if since <= day:
            return amount
    return threshold[0][1]
