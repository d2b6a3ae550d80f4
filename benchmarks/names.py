"""What a comparison of two names costs: `python -m benchmarks.names`.

Names of three vendors against those of many exclusion records, as rule E02 compares them. Once with empty caches, as a worker does at its
first run, and once with the names known.
"""

import csv
import random
import time
from itertools import product
from pathlib import Path

from app.procurement.names import similarity

NAMES = Path(__file__).parents[1] / "tests" / "unit" / "procurement" / "names"
RECORDS = 2000
SEED = 15


def names() -> list[str]:
    """Invented names of both sets of the tests, and combinations of their words, each once."""
    known = set()
    for name in ("pairs.csv", "families.csv"):
        with (NAMES / name).open(encoding="utf-8", newline="") as file:
            known |= {row[side] for row in csv.DictReader(file) for side in ("a", "b")}
    words = sorted({word for name in known for word in name.split()})
    rng = random.Random(SEED)  # noqa: S311  # a fixed sequence is wanted
    made = {" ".join(rng.sample(words, rng.randint(2, 5))) for _ in range(RECORDS)}
    return sorted(known) + sorted(made)


def main() -> None:
    records = names()[-RECORDS:]
    vendors = names()[::100][:3]
    for state in ("empty caches", "names known"):
        start = time.process_time()
        strong = sum(similarity(ours, theirs) >= 0.9 for ours, theirs in product(vendors, records))
        took = time.process_time() - start
        count = len(vendors) * len(records)
        print(f"{state}: {took / count * 1e6:.1f} µs per comparison, {count} comparisons, {strong} strong")


if __name__ == "__main__":
    main()
