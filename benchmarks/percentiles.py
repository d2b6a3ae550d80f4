"""Percentiles of a measured series, by nearest rank: each is a value that was measured."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed. The series must not be empty."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Number, median, 95th percentile and maximum; None for an empty series."""
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    found = {name: round(percentile(values, share), 4) if values else None for name, share in shares.items()}
    return {"number": len(values), **found}
