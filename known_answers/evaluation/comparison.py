"""Compares the expected findings with those made, rule by rule."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """A finding in the terms of scenario files."""

    rule: str
    subject: str
    severity: str

    def __str__(self) -> str:
        return f"{self.rule} {self.subject} ({self.severity})"


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """The correct result of one scenario. `expected` is complete; `forbidden` lists likely mistakes."""

    slug: str
    expected: frozenset[Finding]
    forbidden: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, slug: str, document: Mapping[str, Any]) -> "KnownAnswer":
        """From a scenario file's own keys `expected` and `forbidden`."""
        return cls(
            slug,
            frozenset(Finding(row["rule"], row["subject"], row["severity"]) for row in document["expected"]),
            frozenset((row["rule"], row["subject"]) for row in document.get("forbidden", ())),
        )


@dataclass(frozen=True, slots=True)
class Miss:
    """One difference from the known answer. Without a finding, the run itself failed."""

    scenario: str
    finding: Finding | None
    how: str

    def __str__(self) -> str:
        return f"{self.scenario}: {self.how if self.finding is None else f'{self.finding}: {self.how}'}"

    def as_json(self) -> dict[str, str | None]:
        """Plain JSON values; rule, subject and severity are None if the run failed."""
        found = {"rule": None, "subject": None, "severity": None}
        return {
            "scenario": self.scenario,
            **(asdict(self.finding) if self.finding else found),
            "how": self.how,
        }


@dataclass(slots=True)
class Score:
    """The counts of one rule: expected and found, expected and missed, found but not expected."""

    hits: int = 0
    missed: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """The share of the findings that are right; None if there are none."""
        found = self.hits + self.wrong
        return self.hits / found if found else None

    @property
    def recall(self) -> float | None:
        """The share of the expected findings that were made; None if none are expected."""
        right = self.hits + self.missed
        return self.hits / right if right else None


@dataclass(slots=True)
class Evaluation:
    """The scores of all scenarios, and each miss. `left_out` counts scenarios that a live run cannot show."""

    scenarios: int = 0
    left_out: int = 0
    scores: defaultdict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    _misses: list[Miss] = field(default_factory=list)

    @property
    def misses(self) -> list[Miss]:
        """Failed runs first, then rule by rule."""
        return sorted(self._misses, key=lambda miss: (miss.finding.rule if miss.finding else "", str(miss)))

    @property
    def as_expected(self) -> int:
        """The number of scenarios without a miss."""
        return self.scenarios - len({miss.scenario for miss in self._misses})

    def add(self, answer: KnownAnswer, found: Iterable[Finding]) -> None:
        """Compare one scenario."""
        self.scenarios += 1
        seen = frozenset(found)
        for finding in seen & answer.expected:
            self.scores[finding.rule].hits += 1
        for finding in answer.expected - seen:
            self.scores[finding.rule].missed += 1
            other = [s.severity for s in seen if (s.rule, s.subject) == (finding.rule, finding.subject)]
            how = f"found as {other[0]}" if other else "not found"
            self._misses.append(Miss(answer.slug, finding, how))
        for finding in seen - answer.expected:
            self.scores[finding.rule].wrong += 1
            about = (finding.rule, finding.subject)
            if about in {(expected.rule, expected.subject) for expected in answer.expected}:
                continue  # of another severity: reported above
            how = "found, but forbidden" if about in answer.forbidden else "found, but not expected"
            self._misses.append(Miss(answer.slug, finding, how))

    def add_without_result(self, answer: KnownAnswer, reason: str) -> None:
        """Count a scenario whose run failed: a miss even if no finding is expected."""
        self.add(answer, ())
        self._misses.append(Miss(answer.slug, None, reason))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; precision and recall are None if they are undefined."""
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
