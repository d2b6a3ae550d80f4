"""Expected findings against found ones, per rule."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """A finding as scenarios name it."""

    rule: str
    subject: str
    severity: str

    def __str__(self) -> str:
        return f"{self.rule} {self.subject} ({self.severity})"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right about one scenario. `expected` is everything; `forbidden` names what would be tempting."""

    slug: str
    expected: frozenset[Finding]
    forbidden: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, slug: str, document: Mapping[str, Any]) -> "Truth":
        """From a scenario file's own keys `expected` and `forbidden`."""
        return cls(
            slug,
            frozenset(
                Finding(each["rule"], each["subject"], each["severity"]) for each in document["expected"]
            ),
            frozenset((each["rule"], each["subject"]) for each in document.get("forbidden", ())),
        )


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that is not as expected. Without a finding it is the run itself that came to nothing."""

    scenario: str
    finding: Finding | None
    how: str

    def __str__(self) -> str:
        return f"{self.scenario}: {self.how if self.finding is None else f'{self.finding}: {self.how}'}"

    def as_json(self) -> dict[str, str | None]:
        """Plain JSON values; rule, subject and severity are None where the run itself came to nothing."""
        found = {"rule": None, "subject": None, "severity": None}
        return {
            "scenario": self.scenario,
            **(asdict(self.finding) if self.finding else found),
            "how": self.how,
        }


@dataclass(slots=True)
class Score:
    """One rule's hits: found and expected, missed, and found though not expected."""

    hits: int = 0
    missed: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right; None where nothing was found."""
        found = self.hits + self.wrong
        return self.hits / found if found else None

    @property
    def recall(self) -> float | None:
        """Share of what is right that was found; None where nothing was to be found."""
        right = self.hits + self.missed
        return self.hits / right if right else None


@dataclass(slots=True)
class Evaluation:
    """The scores of all scenarios, and each miss. `left_out` could not be evaluated in the way that was asked for."""

    scenarios: int = 0
    left_out: int = 0
    scores: defaultdict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    _misses: list[Miss] = field(default_factory=list)

    @property
    def misses(self) -> list[Miss]:
        """Runs that came to nothing first, then rule by rule."""
        return sorted(self._misses, key=lambda miss: (miss.finding.rule if miss.finding else "", str(miss)))

    @property
    def as_expected(self) -> int:
        """How many scenarios have no miss."""
        return self.scenarios - len({miss.scenario for miss in self._misses})

    def add(self, truth: Truth, found: Iterable[Finding]) -> None:
        """Compare one scenario."""
        self.scenarios += 1
        seen = frozenset(found)
        for finding in seen & truth.expected:
            self.scores[finding.rule].hits += 1
        for finding in truth.expected - seen:
            self.scores[finding.rule].missed += 1
            other = [s.severity for s in seen if (s.rule, s.subject) == (finding.rule, finding.subject)]
            how = f"found as {other[0]}" if other else "not found"
            self._misses.append(Miss(truth.slug, finding, how))
        for finding in seen - truth.expected:
            self.scores[finding.rule].wrong += 1
            about = (finding.rule, finding.subject)
            if about in {(each.rule, each.subject) for each in truth.expected}:
                continue  # of another severity: said above
            how = "found, though forbidden" if about in truth.forbidden else "found, though not expected"
            self._misses.append(Miss(truth.slug, finding, how))

    def add_without_result(self, truth: Truth, why: str) -> None:
        """Count a scenario whose run found nothing because it failed: a miss even where nothing was to be found."""
        self.add(truth, ())
        self._misses.append(Miss(truth.slug, None, why))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; precision and recall are None where there is nothing to divide by."""
        return {
            "scenarios": self.scenarios,
            "as_expected": self.as_expected,
            "left_out": self.left_out,
            "rules": {
                rule: {
                    "hits": score.hits,
                    "missed": score.missed,
                    "wrong": score.wrong,
                    "precision": score.precision,
                    "recall": score.recall,
                }
                for rule, score in sorted(self.scores.items())
            },
            "misses": [miss.as_json() for miss in self.misses],
        }
