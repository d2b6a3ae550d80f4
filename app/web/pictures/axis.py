"""The tick marks of an axis."""

from collections.abc import Sequence
from math import floor, log10


def ticks(most: float, *, wanted: int = 6) -> Sequence[float]:
    """About `wanted` round values from 0 on, 1, 2 or 5 times a power of ten apart; the last is not above `most`."""
    if most <= 0:
        return [0.0]
    rough = most / wanted
    power = 10.0 ** floor(log10(rough))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)
    return [number * step for number in range(int(most / step + 1e-9) + 1)]
