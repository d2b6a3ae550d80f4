"""Prints what was rehearsed: each attack with what was expected and seen, then a table of all."""

from collections.abc import Sequence

from app.cli.output import out
from app.cli.text_tables import Column, Kind, show_fields, show_table
from rehearsals.attack import Attack
from rehearsals.outcome import Outcome, words_of, worst

_COPY = "This was done to a copy, which is removed. The running system was not changed."


def list_attacks(attacks: Sequence[Attack]) -> None:
    """One line for each attack."""
    width = max(len(attack.name) for attack in attacks)
    for attack in attacks:
        out.print(f"{attack.name:<{width}}  {attack.tries}", markup=False, highlight=False, soft_wrap=True)


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the outcomes in full."""
    for outcome in outcomes:
        _show_one(outcome)
    show_table(
        "Rehearsed attacks",
        (
            Column("Attack"),
            Column("Verdict"),
            Column("Refused after (s)", Kind.NUMBER),
            Column("Alarm after (s)", Kind.NUMBER),
        ),
        (
            (
                each.attack.name,
                each.verdict,
                _seconds(each.account.seconds),
                _seconds(each.account.alarm.seconds if each.account.alarm else None),
            )
            for each in outcomes
        ),
    )
    out.print(f"Verdict: {worst(list(outcomes))}", markup=False, highlight=False)


def _show_one(outcome: Outcome) -> None:
    account, alarm = outcome.account, outcome.account.alarm
    raised = None
    if alarm is not None:
        where = f"/alarms/{alarm.alarm_id}" if alarm.alarm_id else "in the copy"
        raised = f"{alarm.kind}\n{where}\n{alarm.detail}"
    show_fields(
        f"{outcome.attack.name}: {outcome.verdict}",
        (
            ("tries", outcome.attack.tries),
            ("copy", _COPY if outcome.attack.on_copy else None),
            ("works", account.works),
            ("expected", outcome.attack.expected),
            ("observed", outcome.problem or account.observed),
            ("vault's line", words_of(account.line) if account.line else None),
            ("alarm", raised),
            ("refused after", _in_words(account.seconds)),
            ("alarm after", _in_words(alarm.seconds if alarm else None)),
        ),
    )


def _in_words(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f} s"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"
