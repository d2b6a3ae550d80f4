"""How well names are matched: the pairs, and the page that shows the results.

`python tests/unit/procurement/names/measure.py` writes `docs/name-matching.md`.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from app.procurement.names import POSSIBLE, STRONG, similarity

HERE = Path(__file__).parent
PAGE = HERE.parents[3] / "docs" / "name-matching.md"
KINDS = {
    "firm": "Same firm written differently",
    "lookalike": "Different firms that look alike",
    "person": "Persons",
    "vessel": "Vessels",
    "transliteration": "Transliterations",
}
HEAD = """# Matching names

An exclusion record often carries a name and no identifier. Two names are compared as follows, in `app/procurement/names.py`:

1. Both are written in upper case without accents or punctuation; `&` becomes AND, dotted acronyms are joined.
2. The legal form (INC, LLC, GMBH …) is compared apart: a missing one lowers the score {missing}, a different one lowers it more, and
   officers see both.
3. Each word is paired with the most similar word. Equal words count in full; two spellings of one foreign word ({romanised}) and
   single misspellings count less; an unpaired word counts against. Words that many names share count half.
4. Numbers must be equal. A single short word or an acronym matches only itself. One misspelling keeps a score below the upper
   threshold.

The score runs from 0 to 1. From **{strong:.2f}** on, with the same place, a record is *to be adjudicated before signing*; from
**{possible:.2f}** on it is a *weak likeness*, unless the place differs. A name alone never blocks an action (rules E02, E04
and E05).

## Results

{total} pairs of invented names, in `tests/unit/procurement/names/pairs.csv`. *Found* (recall) is the share of the matching pairs that
reach the threshold; *right* (precision) is the share of the pairs above the threshold that are the same. Places are not compared here, so fewer
wrong pairs remain in use. The rules were written with these pairs at hand, so expect somewhat lower figures for other names.

"""
TABLE = """| kind | pairs | same | found at {possible:.2f} | wrong at {possible:.2f} | found at {strong:.2f} | wrong at {strong:.2f} |
|---|---:|---:|---:|---:|---:|---:|
"""


@dataclass(frozen=True)
class Pair:
    a: str
    b: str
    same: bool
    kind: str

    @property
    def score(self) -> float:
        return similarity(self.a, self.b)


@dataclass(frozen=True)
class Result:
    """Counts at one threshold."""

    same: int
    found: int
    wrong: int

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / self.same


def pairs() -> list[Pair]:
    with (HERE / "pairs.csv").open(encoding="utf-8", newline="") as file:
        return [Pair(row["a"], row["b"], row["same"] == "yes", row["kind"]) for row in csv.DictReader(file)]


def result(some: list[Pair], threshold: float) -> Result:
    above = [pair for pair in some if pair.score >= threshold]
    found = sum(pair.same for pair in above)
    return Result(same=sum(pair.same for pair in some), found=found, wrong=len(above) - found)


def page() -> str:
    every = pairs()
    lines = [TABLE.format(possible=POSSIBLE, strong=STRONG)]
    for kind, title in (*KINDS.items(), ("", "**All**")):
        some = [pair for pair in every if kind in {"", pair.kind}]
        low, high = result(some, POSSIBLE), result(some, STRONG)
        lines.append(
            f"| {title} | {len(some)} | {low.same} | {low.found} | {low.wrong} | {high.found} | {high.wrong} |\n"
        )
    lines.append("\n| threshold | right (precision) | found (recall) |\n|---|---:|---:|\n")
    for threshold in (POSSIBLE, STRONG):
        each = result(every, threshold)
        lines.append(f"| {threshold:.2f} | {each.precision:.3f} | {each.recall:.3f} |\n")
    lines.append("\n## Misses and false matches\n\nSame, but below the upper threshold:\n\n")
    lines += _listed(pair for pair in every if pair.same and pair.score < STRONG)
    lines.append("\nDifferent, but above the lower threshold:\n\n")
    lines += _listed(pair for pair in every if not pair.same and pair.score >= POSSIBLE)
    lines.append(
        "\nNot attempted: nicknames, scripts other than Latin, and acronyms against the words they stand for. Initials that"
        " contradict each other only lower the score.\n"
    )
    head = HEAD.format(
        missing="a little", romanised="MUHAMMAD, MOHAMMED", strong=STRONG, possible=POSSIBLE, total=len(every)
    )
    return head + "".join(lines)


def _listed(some):
    ordered = sorted(some, key=lambda pair: (-pair.score, pair.a, pair.b))
    return [f"- {pair.score:.2f}: {pair.a} – {pair.b}\n" for pair in ordered]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
