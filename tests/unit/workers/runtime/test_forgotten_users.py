"""A user that no lease ends is ended, with an alarm unless the vault's log shows that nobody was given it."""

from types import SimpleNamespace

import pytest

from workers.runtime.ended_users import EndedUsers
from workers.runtime.forgotten_users import ForgottenUsers


class Ledger:
    """A database with one leased user that no lease of the vault ends."""

    tool = "ledger"

    def __init__(self, *, expired) -> None:
        self.users = {"triage-left": expired}

    def found(self):
        return dict(self.users)

    def end(self, user):
        del self.users[user]


@pytest.mark.parametrize(
    ("lease", "broken_off", "alarms"),
    [(None, True, 0), (None, False, 1), ("database/creds/ledger-reader/x", True, 1)],
)
@pytest.mark.parametrize("expired", [True, False])
def test_only_an_interruption_explains_a_user_without_a_lease(lease, broken_off, alarms, expired):
    raised, now, asked = [], iter((0.0, 11.0)), []
    ledger = Ledger(expired=expired)
    records = SimpleNamespace(
        alarm=lambda *said: raised.append(said),
        leases_of=lambda users: {user: lease for user in users if lease},
    )
    forgotten = ForgottenUsers(
        records=records,
        events=SimpleNamespace(was_broken_off=lambda seconds: asked.append(seconds) or broken_off),
        vault=SimpleNamespace(is_lease_alive=lambda _: False),
        logins=[ledger],
        ended_users=EndedUsers(records, [ledger]),
        is_log_read=lambda: True,
        clock=lambda: next(now),
    )
    assert forgotten.look() is None
    assert ledger.users, "it may still get its lease"
    assert forgotten.look() is None
    assert not ledger.users
    assert [kind for kind, _ in raised] == ["database user without a lease"] * alarms
    assert bool(asked) is (lease is None)
