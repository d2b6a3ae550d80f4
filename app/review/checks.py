"""The outcome of each check in one run: values agree, values differ, or the check was not made."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.credentials.tables import StepRow
from app.procurement.finding import NOT_PERFORMED
from app.procurement.labels import SOURCES, worded
from app.procurement.rules import RULES
from app.procurement.rules.support.applicability import does_not_apply
from app.review.queries.filed_documents import ActionFile, FiledRun
from app.review.queries.plans import CheckLine, Plan
from app.store.actions import to_domain
from app.store.tables import ActionRow, FlagRow

#: The outcome of a step whose tool answered, and how it begins where the tool did so in part.
_ANSWERED, _IN_PART = "answered", "answered in part: "
_TITLES = {rule.id: rule.title for rule in RULES}


class CheckOutcome(StrEnum):
    """The outcome of a check."""

    DIFFERS = "values differ"
    NOT_MADE = "not made"
    AGREES = "nothing differs"
    IN_PART = "nothing differs in what could be compared"
    NOT_APPLICABLE = "does not apply"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check and its outcome. `reason` says why, how often, or what was compared."""

    rule: str
    title: str
    outcome: CheckOutcome
    reason: str


def checks(file: ActionFile, run: FiledRun) -> list[Check]:
    """The outcome of each check in `run`; empty if its plan was not recorded."""
    flags = [each.flag for each in file.flags if each.flag.run_id == run.run.run_id]
    return [] if run.plan is None else outcomes(run.plan, flags, file.action)


def outcomes(plan: Plan, flags: Sequence[FlagRow], action: ActionRow) -> list[Check]:
    """The outcome of each check of an attempt, from its plan and its flags."""
    found = Counter(flag.rule for flag in flags)
    failed = {flag.subject: flag.because for flag in flags if flag.rule == NOT_PERFORMED}
    steps = {step.number: step for step in plan.steps}
    # The others of this rule are about a check, or with a colon about age and days.
    unread = {
        system
        for flag in flags
        if flag.rule == NOT_PERFORMED and ":" not in flag.subject and flag.subject not in _TITLES
        for system in flag.systems
    }
    made = [_check(line, found[line.rule], steps, unread, failed.get(line.rule, "")) for line in plan.checks]
    due = {check.rule for check in made}
    watch = found[NOT_PERFORMED]
    return [
        *made,
        Check(
            rule=NOT_PERFORMED,
            title=_TITLES[NOT_PERFORMED],
            outcome=CheckOutcome.DIFFERS if watch else CheckOutcome.AGREES,
            reason=_counted(watch) if watch else "",
        ),
        *_not_due(action, due | {NOT_PERFORMED}),
    ]


def _check(
    line: CheckLine, found: int, steps: Mapping[int, StepRow], unread: Collection[str], failed: str
) -> Check:
    title = line.title or "no longer made"
    silent = _silent(line.waits_for, steps)
    partly = "; ".join(
        filter(
            None,
            (_silent(line.helped_by, steps), _partial((*line.waits_for, *line.helped_by), steps, unread)),
        )
    )
    if silent or failed:
        outcome, reason = CheckOutcome.NOT_MADE, silent or failed
    elif found:
        outcome, reason = CheckOutcome.DIFFERS, "; ".join(filter(None, (_counted(found), partly)))
    else:
        compared = "; ".join(
            worded(SOURCES, steps[number].tool) for number in line.waits_for if number in steps
        )
        outcome, reason = (CheckOutcome.IN_PART, partly) if partly else (CheckOutcome.AGREES, compared)
    return Check(rule=line.rule, title=title, outcome=outcome, reason=reason)


def _silent(numbers: Sequence[int], steps: Mapping[int, StepRow]) -> str:
    """Which of these steps got no answer, and why; empty if all did."""
    return "; ".join(
        f"{worded(SOURCES, step.tool)}: {step.outcome}"
        for step in (steps[number] for number in numbers if number in steps)
        if step.outcome != _ANSWERED and not step.outcome.startswith(_IN_PART)
    )


def _partial(numbers: Sequence[int], steps: Mapping[int, StepRow], unread: Collection[str]) -> str:
    """Which of these steps were answered in part, or with values that could not be read."""
    described = {
        step.tool: step.outcome if step.outcome.startswith(_IN_PART) else "not everything could be read"
        for step in (steps[number] for number in numbers if number in steps)
        if step.outcome.startswith(_IN_PART) or (step.outcome == _ANSWERED and step.tool in unread)
    }
    return "; ".join(f"{worded(SOURCES, tool)}: {how}" for tool, how in described.items())


def _counted(found: int) -> str:
    return f"{found} finding{'' if found == 1 else 's'}"


def _not_due(action: ActionRow, due: set[str]) -> list[Check]:
    ours = to_domain(action.model_dump())
    return [
        Check(
            rule=rule.id,
            title=rule.title,
            outcome=CheckOutcome.NOT_APPLICABLE,
            reason=does_not_apply(rule, ours) or "not in the plan of this run",
        )
        for rule in RULES
        if rule.id not in due
    ]
