"""How well names are matched: the pairs, and the page that shows the results.

`python tests/unit/procurement/names/measure.py` writes `docs/name-matching.md`.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from app.procurement.names import POSSIBLE, STRONG, names_on_one_line, similarity
from known_answers.scenarios.lookup import words
from workers.search_words import questions

HERE = Path(__file__).parent
PAGE = HERE.parents[3] / "docs" / "name-matching.md"
KINDS = {
    "firm": "Same firm written differently",
    "lookalike": "Different firms that look alike",
    "person": "Persons",
    "vessel": "Vessels",
    "transliteration": "Transliterations",
}
FAMILIES = {"firms": "Firms", "persons": "Persons"}
PARTS = {"development": "seen", "held": "held back", "later": "written later"}
HEAD = """# Matching names

An exclusion record often carries a name and no identifier. Two names are compared as follows, in `app/procurement/names.py`:

1. Both are written in upper case without accents or punctuation; `&` becomes AND, dotted acronyms are joined. Where a line holds several
   names (*Example Marine Inc d/b/a Example Boats*), each is compared.
2. THE is left out at either end. The legal form (INC, LLC, GESELLSCHAFT MIT BESCHRÄNKTER HAFTUNG …), before or after the name, is compared
   apart: a missing one lowers the score a little, a different one lowers it more, and officers see both. The forms are those of ISO 20275
   ([ADR 28](adr/0028-tables-kept-by-others.md)).
3. Abbreviations of trade and government are read in full (INTL SVCS, DEPT), numbers in figures (FORTY FOUR is 44, FIRST is 1ST).
4. Each word is paired with the most similar word. Equal words count in full; plurals, two spellings of one foreign word (MUHAMMAD,
   MOHAMMED), short given names (BILL) and misspellings count less; an unpaired word counts against. Where *both* names have an unpaired word
   (SERVICES, ALLIANCE) it counts more. Words that many names share count part, unpaired acronyms more.
5. Numbers must be equal. A single short word or an acronym matches only itself. JR and SR are two persons, and so are two middle initials.
6. A guess keeps a score below the upper threshold: a misspelling, a short given name, an initial in place of one.

The score runs from 0 to 1. From **{strong:.2f}** on, with the same place, a record is *to be adjudicated before signing*; from
**{possible:.2f}** on it is a *weak likeness*, unless the place differs. A name alone never blocks an action (rules E02, E04
and E05).

`python tests/unit/procurement/names/measure.py` measures and writes this page; `python -m benchmarks.names` measures the time, some 10 µs per
comparison, or 30 where one of the names was not met before.

## Results

*Found* (recall) is the share of the matching pairs that reach the threshold; *right* (precision) is the share of the pairs above the
threshold that are the same. *End to end* is the share of the matching pairs that the list also answers with when it is asked about the
first name. The service wants every word of a question, so it is asked about two words, each by itself: the longest of those that everybody
writes alike, without THE, legal form, numbers, initials, words that have an abbreviation and words that many names share. If one such word
is all there is, the second question has the rest of the name. A word that more
than fifty records have is not read to the end: the vendor's own state or country is searched, and all words together where no word of the
name was narrow. If a hundred records have all of them, the search by name is a check not performed. That is not counted here.

Places are not compared here, so fewer wrong pairs remain in use. All names are invented.

These are development figures: the author of the rules wrote the pairs, too. Expect lower figures for other names.

### By family of names

{families} pairs in `families.csv`. A family is one name with other ways to write it, and with other firms or persons that look alike. All pairs of
a family are in the same part. The rules were adjusted while looking at the part *seen*; the pairs *held back* were written before, and their
misses were looked at when the rules stood. Of those *written later*, 0.859 were found and 0.968 were right at the first measurement, before
the rules were adjusted to what they missed; names that the rules have never met may do as these did.

"""
FAMILY_TABLE = """| set | families | pairs | same | threshold | right (precision) | found (recall) | end to end | wrong |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
MIXED = """
### Mixed pairs

{total} pairs in `pairs.csv`. The rules were written with these pairs at hand.

"""
TABLE = """| kind | pairs | same | found at {possible:.2f} | wrong at {possible:.2f} | found at {strong:.2f} | wrong at {strong:.2f} |
|---|---:|---:|---:|---:|---:|---:|
"""
NOT_ATTEMPTED = """
## Not attempted

Scripts other than Latin; acronyms against the words they stand for; a former name that no list states; given names that sound alike and
are spelled in ways no table has; a legal form written as one word with the name.
"""


@dataclass(frozen=True)
class Pair:
    a: str
    b: str
    same: bool
    kind: str
    part: str = ""
    family: str = ""

    @property
    def score(self) -> float:
        return similarity(self.a, self.b)

    @property
    def answered(self) -> bool:
        """Whether the list answers with the second name when it is asked about the first."""
        asked = (question for name in names_on_one_line(self.a) for question in questions(name))
        return any(set(words(question)) <= set(words(self.b)) for question in asked)


@dataclass(frozen=True)
class Result:
    """Counts at one threshold."""

    same: int
    found: int
    wrong: int
    #: Those found that the list answers with.
    answered: int

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / self.same

    @property
    def end_to_end(self) -> float:
        return self.answered / self.same


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pairs() -> list[Pair]:
    return [Pair(row["a"], row["b"], row["same"] == "yes", row["kind"]) for row in rows("pairs.csv")]


def family_pairs(kind: str, part: str) -> list[Pair]:
    every = rows("families.csv")
    return [
        Pair(row["a"], row["b"], row["same"] == "yes", kind, part, row["family"])
        for row in every
        if (row["kind"], row["part"]) == (kind, part)
    ]


def result(some: list[Pair], threshold: float) -> Result:
    above = [pair for pair in some if pair.score >= threshold]
    found = sum(pair.same for pair in above)
    answered = sum(pair.same and pair.answered for pair in above)
    return Result(sum(pair.same for pair in some), found, len(above) - found, answered)


def page() -> str:
    mixed = pairs()
    families = {(kind, part): family_pairs(kind, part) for kind in FAMILIES for part in PARTS}
    everything = [pair for some in families.values() for pair in some]
    lines = [HEAD.format(strong=STRONG, possible=POSSIBLE, families=len(everything)), FAMILY_TABLE]
    for (kind, part), some in families.items():
        count = len({pair.family for pair in some})
        for threshold in (POSSIBLE, STRONG):
            each = result(some, threshold)
            lines.append(
                f"| {FAMILIES[kind]}, {PARTS[part]} | {count} | {len(some)} | {each.same} | {threshold:.2f} |"
                f" {each.precision:.3f} | {each.recall:.3f} | {each.end_to_end:.3f} | {each.wrong} |\n"
            )
    lines += [MIXED.format(total=len(mixed)), *mixed_table(mixed)]
    lines.append("\n## Misses and false matches\n\nSame, but below the lower threshold:\n\n")
    lines += _listed(pair for pair in (*mixed, *everything) if pair.same and pair.score < POSSIBLE)
    lines.append("\nSame, but only a weak likeness:\n\n")
    lines += _listed(pair for pair in (*mixed, *everything) if pair.same and POSSIBLE <= pair.score < STRONG)
    lines.append("\nDifferent, but a weak likeness:\n\n")
    lines += _listed(pair for pair in (*mixed, *everything) if not pair.same and pair.score >= POSSIBLE)
    lines.append(
        "\nSame and alike, but asked about the first name the list does not answer with the second: neither of the two"
        " questions is\nwritten alike.\n\n"
    )
    lines += _listed(
        pair for pair in (*mixed, *everything) if pair.same and pair.score >= POSSIBLE and not pair.answered
    )
    return "".join(lines) + NOT_ATTEMPTED


def mixed_table(every: list[Pair]) -> list[str]:
    lines = [TABLE.format(possible=POSSIBLE, strong=STRONG)]
    for kind, title in (*KINDS.items(), ("", "**All**")):
        some = [pair for pair in every if kind in {"", pair.kind}]
        low, high = result(some, POSSIBLE), result(some, STRONG)
        lines.append(
            f"| {title} | {len(some)} | {low.same} | {low.found} | {low.wrong} | {high.found} | {high.wrong} |\n"
        )
    lines.append("\n| threshold | right (precision) | found (recall) | end to end |\n|---|---:|---:|---:|\n")
    for threshold in (POSSIBLE, STRONG):
        each = result(every, threshold)
        lines.append(
            f"| {threshold:.2f} | {each.precision:.3f} | {each.recall:.3f} | {each.end_to_end:.3f} |\n"
        )
    return lines


def _listed(some):
    ordered = sorted(some, key=lambda pair: (-pair.score, pair.a, pair.b))
    return [f"- {pair.score:.2f}: {pair.a} – {pair.b}\n" for pair in ordered]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
