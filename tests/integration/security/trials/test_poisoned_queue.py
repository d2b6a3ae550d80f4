"""Row 8: real messages with something added, put back into the queue. What a worker prints of them is no secret.

`tests/integration/faults/test_strange_messages.py` has those that are no attempts at all.
"""

import gzip
import json
from base64 import b64encode
from uuid import uuid4

import pytest

HUGE = 8_000_000


def bomb(message):
    """The same body, compressed a thousandfold."""
    entry = json.loads(message.entry)
    body = json.dumps([[], {"run_id": str(message.run_id), "attempt": 1, "wrapping_token": "x" * HUGE}, {}])
    entry["body"] = b64encode(gzip.compress(body.encode())).decode()
    entry["headers"]["compression"] = "application/x-gzip"
    return json.dumps(entry).encode()


#: By what is wrong with it: the entry made of a real message.
POISONED = {
    "a huge token": lambda m: m.changed(wrapping_token="x" * HUGE),
    "a compressed bomb": bomb,
    "a list for a run": lambda m: m.changed(run_id=[str(m.run_id)]),
    "a run that is no id": lambda m: m.changed(run_id="'; DROP TABLE run; --"),
    "a number without end": lambda m: m.changed(attempt=10**300),
    "a negative number": lambda m: m.changed(attempt=-1),
    "a text for a number": lambda m: m.changed(attempt="1; SELECT 1"),
    "a token of another type": lambda m: m.changed(wrapping_token={"a": 1}),
    "an empty token": lambda m: m.changed(wrapping_token=""),
    "a zero byte": lambda m: m.changed(run_id="\x00", wrapping_token="\x00"),
    "for the next century": lambda m: m.changed({"eta": "2126-01-01T00:00:00+00:00"}, attempt=7),
    "expired long ago": lambda m: m.changed({"expires": "2000-01-01T00:00:00+00:00"}, attempt=7),
    "without a time limit": lambda m: m.changed({"timelimit": [None, None]}, attempt=7),
    "to be done a thousand times": lambda m: m.changed({"retries": 1000, "shadow": "x" * 5000}, attempt=7),
}
#: Celery notes the id of an expired message as one not to be carried out, and the real one has the same id.
COSTS_AN_ATTEMPT = {"expired long ago"}


@pytest.mark.parametrize("what", POISONED)
def test_a_poisoned_copy_takes_nothing_from_the_run_or_the_worker(thief, what):
    pid = thief.system.stack.processes["worker-1"]
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        thief.put(POISONED[what](message))
        thief.put(message.entry)
    thief.system.wait([run_id])
    *earlier, last = (row["state"] for row in thief.attempts(run_id))
    assert last == "finished"
    assert earlier in ([], ["lost"] if what in COSTS_AN_ATTEMPT else [])
    assert len(thief.issued_for(run_id)) <= 5
    assert thief.system.stack.processes["worker-1"] == pid
    printed = (thief.system.stack.layout.logs / "worker-1.log").read_text(errors="replace")
    assert message.wrapping_token not in printed
    assert "x" * 10_000 not in printed


def test_a_message_cannot_make_the_worker_send_others(thief):
    """Celery would send what a message names as its callbacks, with the worker's rights."""
    stranger = str(uuid4())
    callback = {
        "task": "triage.attempt",
        "args": [],
        "kwargs": {"run_id": stranger, "attempt": 1, "wrapping_token": "s.made-up"},
        "options": {"queue": "triage-runs"},
        "subtask_type": None,
        "immutable": True,
    }
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        entry = json.loads(message.entry)
        held = {"run_id": str(run_id), "attempt": message.number, "wrapping_token": message.wrapping_token}
        embedded = {"callbacks": [callback], "errbacks": [callback], "chain": [callback], "chord": None}
        entry["body"] = b64encode(json.dumps([[], held, embedded]).encode()).decode()
        thief.put(json.dumps(entry).encode())
    thief.system.wait([run_id])
    assert [row["state"] for row in thief.attempts(run_id)] == ["finished"]
    assert not thief.issued_for(stranger)
    assert not thief.system.rows("SELECT 1 FROM attempt WHERE run_id = %s", stranger)
    (after,) = thief.system.run(thief.system.actions[1])
    assert [row["state"] for row in thief.attempts(after)] == ["finished"]
