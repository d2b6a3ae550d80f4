"""No rehearsal passes that showed nothing, tried nothing, or lacks its alarm."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.credentials.vault_line import AuditLine, ForWhom
from app.reconciliation.verdict import Verdict
from rehearsals.attack import Account, Attack, RaisedAlarm, SucceededError, UnprovenError
from rehearsals.outcome import Outcome, words_of, worst
from rehearsals.report import show
from rehearsals.runner import verdict_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ATTACK = Attack(name="one", tries="?", expected="?", act=lambda *_: None, alarms=("message stolen",))
ALARM = RaisedAlarm(alarm_id=uuid4(), kind="message stolen", detail="?", seconds=1.0)
LINE = AuditLine(
    time=NOW,
    type="response",
    operation="update",
    path="auth/token/create/payments",
    request_id="r-1",
    identity=ForWhom(),
    given=ForWhom(),
    accessor=None,
    issued_accessor=None,
    wrapped_accessor=None,
    is_wrapped=False,
    lease_id=None,
    service_user=None,
    remote_address=None,
    brings_secret_id=False,
    refused=True,
    error="1 error occurred:\n\t* permission denied\n\n",
)


def account(*, works="it works", line=LINE, alarm=ALARM, tried=True):
    made = Account(began=NOW, log_place=0, works=works, line=line, alarm=alarm)
    if tried:
        made.attempt()
        made.stopped("refused")
    return made


def test_an_attack_passes_with_everything_that_it_needs():
    assert verdict_of(ATTACK, account(), None) == (Verdict.PASS, "")


@pytest.mark.parametrize(
    ("lacks", "verdict", "words"),
    [
        ({"works": ""}, Verdict.NOT_ESTABLISHED, "it was not shown"),
        ({"tried": False}, Verdict.NOT_ESTABLISHED, "no refusal was seen"),
        ({"line": None}, Verdict.NOT_ESTABLISHED, "the vault's own line was not found"),
        ({"alarm": None}, Verdict.FAIL, "refused; but no alarm was raised (message stolen)"),
    ],
)
def test_whatever_is_missing_keeps_it_from_passing(lacks, verdict, words):
    found, problem = verdict_of(ATTACK, account(**lacks), None)
    assert found == verdict
    assert problem.startswith(words)


def test_without_an_alarm_that_is_due_the_refusal_is_enough():
    assert verdict_of(replace(ATTACK, alarms=()), account(alarm=None), None)[0] == Verdict.PASS


@pytest.mark.parametrize(
    ("failed", "verdict", "words"),
    [
        (SucceededError("it was let in"), Verdict.FAIL, "it was let in"),
        (UnprovenError("no message came"), Verdict.NOT_ESTABLISHED, "no message came"),
        (KeyError("auth"), Verdict.NOT_ESTABLISHED, "KeyError: 'auth'"),
    ],
)
def test_what_ends_an_attack_early_says_why(failed, verdict, words):
    assert verdict_of(ATTACK, account(), failed) == (verdict, words)


def test_a_refusal_without_an_attempt_is_not_counted():
    with pytest.raises(UnprovenError, match="nothing was tried"):
        account(tried=False).stopped("refused")


@pytest.mark.parametrize(
    ("verdicts", "of_all"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "not established"], "not established"),
        (["not established", "fail", "pass"], "fail"),
    ],
)
def test_the_worst_verdict_is_that_of_all(verdicts, of_all):
    outcomes = [Outcome(attack=ATTACK, account=account(), verdict=Verdict(each)) for each in verdicts]
    assert worst(outcomes) == of_all


def test_a_line_of_the_vault_is_told_in_one_line():
    assert words_of(LINE) == "request r-1, update auth/token/create/payments, refused: permission denied"


def test_the_report_shows_all_that_was_seen(capsys):
    show([Outcome(attack=ATTACK, account=account(), verdict=Verdict.PASS, web="http://pages")])
    shown = " ".join(capsys.readouterr().out.split())
    for words in (
        *("one: pass", "works it works", "observed refused", "request r-1", "message stolen"),
        *(f"/alarms/{ALARM.alarm_id}", "alarm after 1.000 s", "Verdict: pass"),
    ):
        assert words in shown
