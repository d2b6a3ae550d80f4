"""Carries out attacks one after another, waits for their alarms, and judges."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta

import httpx
import psycopg
import redis
from sqlalchemy.exc import SQLAlchemyError

from app.connections.secret_files import SettingsError
from app.reconciliation.verdict import Verdict
from infra.postgres.server import ServerError
from rehearsals import raised_alarms
from rehearsals.attack import Account, Attack, SucceededError, UnprovenError
from rehearsals.installation import Installation, until
from rehearsals.outcome import Outcome
from rehearsals.scene import Scene

#: Seconds after the last attack in which an alarm that is expected must be there.
_ALARM_WITHIN = 15.0
#: Beyond the last event, what the reconciler may still raise an alarm about.
_SETTLING = timedelta(seconds=5)
#: Servers that do not answer as they should: then nothing is said about the attack.
_TROUBLE = (
    *(httpx.HTTPError, psycopg.Error, redis.RedisError, SQLAlchemyError, ServerError, SettingsError),
    *(OSError, KeyError, ValueError),
)

Say = Callable[[str], None]


def carry_out(stack: Installation, attacks: Sequence[Attack], say: Say) -> list[Outcome]:
    """The outcome of each attack. At the end their runs are over, and the alarms that they raised are closed."""
    with closing(Scene(stack)) as scene:
        began = scene.account().began
        tried = [(attack, *_tried(scene, attack, say)) for attack in attacks]
        outcomes = list(_judged(stack, tried, say))
        accounts = [account for _, account, _ in tried]
        say("waiting for the end of the runs, to close the alarms")
        try:
            _settle(scene, accounts)
        except UnprovenError as open_end:
            say(f"alarms are left open: {open_end}")
        else:
            closed = raised_alarms.close(stack, began, attacks, accounts)
            say(f"alarms of these attacks, now closed: {closed}")
    return outcomes


def _tried(scene: Scene, attack: Attack, say: Say) -> tuple[Account, Exception | None]:
    say(attack.name)
    account = scene.account()
    try:
        attack.act(scene, account)
    except (SucceededError, UnprovenError, *_TROUBLE) as failed:
        return account, failed
    return account, None


def _judged(
    stack: Installation, tried: Sequence[tuple[Attack, Account, Exception | None]], say: Say
) -> Iterator[Outcome]:
    say("waiting for the alarms")
    deadline = time.monotonic() + _ALARM_WITHIN
    for attack, account, failed in tried:
        if attack.alarms and account.alarm is None:
            _wait_for_alarm(stack, attack, account, 0 if failed else max(0, deadline - time.monotonic()))
        verdict, problem = verdict_of(attack, account, failed)
        yield Outcome(
            attack=attack,
            account=account,
            verdict=verdict,
            problem=problem,
            web=stack.endpoints.get("web", ""),
        )


def _wait_for_alarm(stack: Installation, attack: Attack, account: Account, seconds: float) -> None:
    try:
        account.alarm = until(
            lambda: raised_alarms.find(stack, attack, account), seconds=seconds, what="the alarm"
        )
    except UnprovenError:
        account.alarm = None


def verdict_of(attack: Attack, account: Account, failed: Exception | None) -> tuple[Verdict, str]:
    """The verdict, and why it is no pass. An attack that showed or tried nothing does not pass."""
    if isinstance(failed, SucceededError):
        return Verdict.FAIL, str(failed)
    if failed is not None:
        words = str(failed) if isinstance(failed, UnprovenError) else f"{type(failed).__name__}: {failed}"
        return Verdict.NOT_ESTABLISHED, words
    missing = (
        (account.works, "it was not shown that these means work where they are legitimate"),
        (account.seconds is not None, "no refusal was seen"),
        (account.line, "the vault's own line was not found"),
    )
    for is_there, otherwise in missing:
        if not is_there:
            return Verdict.NOT_ESTABLISHED, otherwise
    if attack.alarms and account.alarm is None:
        kinds = " or ".join(attack.alarms)
        return Verdict.FAIL, f"{account.observed}; but no alarm was raised ({kinds})"
    return Verdict.PASS, ""


def _settle(scene: Scene, accounts: Sequence[Account]) -> None:
    runs = [run for account in accounts for run in account.runs]
    if runs:
        scene.wait(runs)
    last = scene.account().began + _SETTLING
    until(
        lambda: raised_alarms.are_judged(scene.stack, last),
        seconds=_ALARM_WITHIN,
        what="the reading of all logs",
    )
