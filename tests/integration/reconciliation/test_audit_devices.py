"""What one audit device of the vault has and the other one lacks is an alarm: on real servers."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.reconciliation.settings import SECOND_LOG, VAULT_LOG

#: Seconds until the alarm.
SOON = 10
DIFFER = "vault log devices differ"


@pytest.fixture
def alarms(system):
    """The details of the alarms that the test causes."""
    yield lambda: [row["detail"] for row in system.rows("SELECT detail FROM alarm WHERE kind = %s", DIFFER)]
    system.execute("DELETE FROM alarm WHERE kind = %s", DIFFER)


def test_both_devices_are_read_and_hold_the_same_entries(system, until, alarms):
    system.run("ACT-2026-0004")
    written = system.vault.layout.audit_log.read_bytes().count(b"\n")
    query = "SELECT source, problem, unreadable FROM log_source WHERE source = ANY(%s) AND lines >= %s"

    def read():
        found = system.rows(query, [VAULT_LOG, SECOND_LOG], written)
        return found if len(found) == 2 else None

    for source in until(read, what="both logs"):
        assert (source["problem"], source["unreadable"]) == (None, 0), source
    assert alarms() == []


@pytest.mark.parametrize(("holder", "other"), [(VAULT_LOG, SECOND_LOG), (SECOND_LOG, VAULT_LOG)])
def test_an_entry_that_only_one_device_has_is_an_alarm(system, until, alarms, holder, other):
    layout = system.vault.layout
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    entry = {
        "time": at,
        "type": "request",
        "request": {"id": str(uuid4()), "operation": "read", "path": "sys/health"},
    }
    with {VAULT_LOG: layout.audit_log, SECOND_LOG: layout.audit_log_2}[holder].open("a") as log:
        log.write(json.dumps(entry, separators=(",", ":")) + "\n")
    (detail,) = until(alarms, seconds=SOON, what="the alarm")
    assert detail == f"{other} lacks entries that {holder} has, the first at {at}"
