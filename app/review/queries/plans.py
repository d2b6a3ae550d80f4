"""The stored plan of one attempt: its steps, when each starts, and the checks that depend on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from app.credentials.tables import StepRow
from app.procurement.labels import SOURCES
from app.procurement.rules import RULES
from app.procurement.rules.support.value_text import listed

_TITLES = {rule.id: rule.title for rule in RULES}


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckLine:
    """A check of a plan with the numbers of the steps that it requires and of those that help it.

    `title` is None for a rule that no longer exists.
    """

    rule: str
    title: str | None
    waits_for: Sequence[int]
    helped_by: Sequence[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The plan of one attempt, its steps in order."""

    attempt: int
    steps: Sequence[StepRow]

    def start_of(self, step: StepRow) -> str:
        """When a step may start, in words, and which answers its second round of questions waits for."""
        if not step.needed:
            return "never"
        if step.after is None:
            return "not recorded"
        if not step.after:
            return "at once"
        labels = [SOURCES.get(each.tool, each.tool) for each in self.steps if each.number in step.after]
        return f"at once; then waits for {listed(labels, last='and')} ({numbered(step.after)})"

    @property
    def checks(self) -> list[CheckLine]:
        """The checks that apply to the action, in the order of the rules."""
        named = {rule for step in self.steps for rule in rules_of(step)}
        return [
            CheckLine(
                rule=rule,
                title=_TITLES.get(rule),
                waits_for=[step.number for step in self.steps if rule in (step.rules or ())],
                helped_by=[step.number for step in self.steps if rule in (step.helps or ())],
            )
            for rule in in_order(named)
        ]


def plans_of(steps: Sequence[StepRow]) -> list[Plan]:
    """The plans of a run, one for each attempt that has one. `steps` are ordered by attempt and number."""
    return [
        Plan(attempt=attempt, steps=list(its))
        for attempt, its in groupby(steps, key=lambda step: step.attempt)
    ]


def rules_of(step: StepRow) -> list[str]:
    """Every check a step serves, in the order of the rules."""
    return in_order({*(step.rules or ()), *(step.helps or ())})


def in_order(rules: set[str]) -> list[str]:
    """Rule ids in the order of the rules; rules that no longer exist come last."""
    known = [rule for rule in _TITLES if rule in rules]
    return [*known, *sorted(rules.difference(known))]


def numbered(steps: Sequence[int]) -> str:
    """Steps by their numbers: "step 1", "steps 1, 2 and 4"."""
    return f"step{'' if len(steps) == 1 else 's'} {listed(map(str, steps), last='and')}"
