"""The plan of a run: which tools to ask, what, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One tool to ask, the question, and the reason.

    `rules` are the ids of the rules that need the answer, `helps` of those that can do without it. `after` are the
    numbers of the steps whose answers its second round of questions waits for; every first round starts at once.
    `why_not` says why a step is not needed; such a step is recorded, and gets no credential.
    """

    number: int
    tool: str
    question: str
    reason: str
    rules: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    after: tuple[int, ...] = ()
    why_not: str | None = None

    @property
    def needed(self) -> bool:
        """Whether the tool is asked."""
        return self.why_not is None
