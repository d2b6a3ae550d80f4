"""The judgement of the vault's record: each case beside the right one that differs in one thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.credentials.vault_answer import AnswerKind, Hidden, VaultEvent
from app.credentials.watch import RefusedLogins, WatchedAttempt, judge

RUN = UUID("11111111-1111-4111-8111-111111111111")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DOCUMENTS, USERS = "auth/token/create/documents", "database/creds/reader"


def event(kind, **changed) -> VaultEvent:
    usual = {
        "request_id": "one",
        "kind": kind,
        "at": NOON,
        "path": "auth/approle/login",
        "run_id": RUN,
        "attempt": 1,
        "accessor": "given",
        "remote_address": "192.0.2.7",
    }
    return VaultEvent(**usual | changed)


def minted(**changed):
    return event(AnswerKind.MINTED, **changed)


def unwrapped(**changed):
    return event(AnswerKind.UNWRAPPED, **changed)


def login(**changed):
    return event(AnswerKind.LOGGED_IN, **changed)


def issue(path=DOCUMENTS, **changed):
    return event(AnswerKind.ISSUED, path=path, **changed)


def revoked(**changed):
    return event(AnswerKind.REVOKED, **changed)


def attempt(**changed) -> WatchedAttempt:
    usual = {"claimed": True, "ended_at": None, "planned_paths": frozenset({DOCUMENTS, USERS})}
    return WatchedAttempt(**usual | changed)


def kinds(events, **known):
    found = judge(events, {(RUN, 1): attempt(**known)})
    assert all((each.run_id, each.attempt, each.ends_attempt) == (RUN, 1, True) for each in found)
    return [each.kind for each in found]


WHOLE = (minted(), unwrapped(), login(), issue(), issue(USERS), revoked())
SOON, LATE = NOON + timedelta(seconds=9), NOON + timedelta(seconds=11)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"ended_at": NOON + timedelta(seconds=1)},
        {"ended_at": NOON - timedelta(seconds=1)},  # stopped while its worker was logging in
    ],
)
def test_what_a_worker_does_that_keeps_to_the_order_is_right(known):
    assert kinds(WHOLE, **known) == []


def test_an_identity_may_be_made_before_its_attempt_is_recorded():
    assert judge([minted()], {}) == []


@pytest.mark.parametrize(
    ("events", "known", "kind"),
    [
        ([unwrapped()], {"claimed": False}, "message stolen"),
        ([login()], {"claimed": False}, "message stolen"),
        ([login()], {"claimed": False, "ended_at": NOON}, "message stolen"),
        ([issue()], {"claimed": False}, "message stolen"),
        ([login(at=LATE)], {"ended_at": NOON}, "identity of an ended attempt"),
        ([unwrapped(at=LATE)], {"ended_at": NOON}, "identity of an ended attempt"),
        ([issue(at=LATE)], {"ended_at": NOON}, "identity of an ended attempt"),
        ([login(), login()], {}, "second login"),
        ([login()], {"logins": 1}, "second login"),
        ([issue(), issue()], {}, "more credentials than planned"),
        ([issue()], {"issued_paths": {DOCUMENTS}}, "more credentials than planned"),
        ([issue("auth/token/create/payments")], {}, "more credentials than planned"),
        ([issue()], {"planned_paths": None}, "more credentials than planned"),
        ([issue()], {"planned_paths": frozenset()}, "more credentials than planned"),
        ([issue(claimed_run_id="another")], {}, "credential in another's name"),
        ([login(hidden=Hidden.WRAPPED)], {}, "answer hidden from the log"),
        ([issue(hidden=Hidden.TOO_LONG)], {}, "answer hidden from the log"),
    ],
)
def test_what_is_out_of_order_is_one_irregularity(events, known, kind):
    assert kinds(events, **known) == [kind]


@pytest.mark.parametrize("wrong", [login, issue, unwrapped])
def test_an_attempt_that_does_not_exist_has_no_identity(wrong):
    (found,) = judge([wrong(attempt=2)], {(RUN, 1): attempt()})
    assert (found.kind, found.run_id, found.attempt) == ("identity of an unknown attempt", RUN, 2)


@pytest.mark.parametrize("nameless", [{"run_id": None}, {"attempt": None}])
def test_an_identity_of_runs_names_its_attempt(nameless):
    (found,) = judge([login(**nameless)], {(RUN, 1): attempt()})
    assert found.kind == "identity without a run"
    assert "192.0.2.7" in found.detail


def test_the_attempts_do_not_mix():
    other = UUID("22222222-2222-4222-8222-222222222222")
    both = {(RUN, 1): attempt(), (RUN, 2): attempt(), (other, 1): attempt()}
    events = [login(), login(attempt=2), login(run_id=other), issue(), issue(attempt=2), issue(run_id=other)]
    assert judge(events, both) == []


def test_a_worker_is_not_late_while_a_call_may_take_so_long():
    assert kinds([login(at=SOON)], ended_at=NOON) == []


def test_a_vault_whose_clock_is_ahead_is_not_taken_for_a_thief():
    """What the worker recorded, it recorded before the end."""
    worked = [unwrapped(at=LATE), login(at=LATE), issue(at=LATE, request_id="two")]
    assert kinds(worked, ended_at=NOON, recorded=frozenset({"one", "two"})) == []
    stolen = issue(USERS, at=LATE, request_id="three")
    assert kinds([*worked, stolen], ended_at=NOON, recorded=frozenset({"one", "two"})) == [
        "identity of an ended attempt"
    ]


def refused(seconds, address="192.0.2.7"):
    whom = {"run_id": None, "attempt": None}
    at = NOON + timedelta(seconds=seconds)
    return event(AnswerKind.LOGIN_REFUSED, at=at, remote_address=address, **whom)


def test_refused_logins_are_counted_and_raise_one_alarm_a_minute():
    logins = RefusedLogins()
    assert judge([refused(0)], {}) == []
    first = logins.add([refused(0), login()])
    assert first.detail == "the vault refused 1 login since 2026-11-24 12:00:00 UTC, from 192.0.2.7"
    assert not first.ends_attempt
    assert [logins.add([refused(second, f"192.0.2.{second}")]) for second in range(1, 60)] == [None] * 59
    assert logins.add([]) is None
    later = logins.add([refused(60)])
    assert later.detail.startswith(
        "the vault refused 60 logins since 2026-11-24 12:00:01 UTC, from 192.0.2.1, "
    )
    assert later.detail.count("192.0.2.") == 3
    assert logins.add([refused(200)]).detail.startswith("the vault refused 1 login since 2026-11-24 12:03:20")


def test_no_alarm_holds_more_than_accessors_and_addresses():
    secret = "s.abcdefghijklmnopqrstuvwxyz"
    odd = replace(login(), claimed_run_id=secret, requested_by=secret, job_id=secret)
    for found in judge([odd, odd], {}):
        assert secret not in found.detail
