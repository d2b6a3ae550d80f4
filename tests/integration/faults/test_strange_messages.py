"""What is put into the queue and is no attempt is dropped: it stops no worker, and is printed nowhere."""

import json
from base64 import b64encode
from contextlib import closing
from uuid import uuid4

import pytest

from app.connections.redaction import REDACTED
from app.connections.tls import trust_of
from workers.runtime import celery_app
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import Vault


def entry(token, **changed):
    """What is put into the queue for a run, with changes."""
    attempt = {"run_id": str(uuid4()), "attempt": 1, "wrapping_token": token}
    about = {"exchange": "", "routing_key": celery_app.QUEUE}
    body = json.dumps([[], attempt, {}])
    usual = {
        "body": b64encode(body.encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": celery_app.ATTEMPT, "id": str(uuid4()), "lang": "py"},
        "properties": {"delivery_tag": str(uuid4()), "delivery_info": about, "body_encoding": "base64"},
    }
    return json.dumps(usual | changed)


def plain(text):
    return {"body": text, "properties": json.loads(entry(""))["properties"] | {"body_encoding": None}}


@pytest.fixture
def live_token(fragile):
    """A wrapping token that nobody has opened."""
    settings = fragile.system.settings("dispatcher")
    vault = Vault(settings.need("vault_addr"), trust_of(settings))
    minted = ProcessIdentity(vault, settings.file("vault_identity_file")).mint(
        run_id=uuid4(), attempt=1, job_id="x", requested_by="test", wrapping_ttl=300
    )
    return minted.wrapping_token.reveal()


#: By what is wrong: the entry, and the alarm's reason.
STRANGE = {
    "unknown task": (
        lambda t: entry(t, headers={"task": "another", "id": t, "kwargsrepr": t}),
        "unknown task",
    ),
    "no task": (lambda t: entry(t, headers={"about": t}), "names no task"),
    "no headers": (lambda t: entry(t, headers=None), "names no task"),
    "headers of another type": (lambda t: entry(t, headers=[t]), "cannot be decoded"),
    "task of another type": (lambda t: entry(t, headers={"task": [t], "id": t}), "malformed"),
    "body is no JSON": (lambda t: entry(t, **plain(f"wrapping_token={t}")), "cannot be decoded"),
    "body of another shape": (lambda t: entry(t, **plain("5")), "malformed"),
    "another content type": (
        lambda t: entry(t, **{"content-type": "application/x-python-serialize"}),
        "content",
    ),
    "content type of another type": (lambda t: entry(t, **{"content-type": [t]}), "malformed"),
    "broken base64": (lambda t: entry(t, body=f"{t}="), "cannot be decoded"),
    "broken compression": (
        lambda t: entry(t, headers={"compression": "application/x-gzip", "id": t}),
        "decoded",
    ),
    "no properties": (lambda t: json.dumps({"body": t}), "cannot be decoded"),
    "JSON of another shape": (lambda t: json.dumps([t]), "cannot be decoded"),
    "no JSON": (lambda t: f"{{wrapping_token: {t}", "cannot be decoded"),
    "no text": (lambda t: b"\xff\xfe" + t.encode(), "cannot be decoded"),
    "too deep": (lambda t: "[" * 200_000 + t, "cannot be decoded"),
}


def test_what_is_no_attempt_is_dropped_with_an_alarm_and_printed_nowhere(fragile, live_token, until):
    """Each worker goes on, with the same processes, and the alarms are few."""
    system = fragile.system
    earlier = [row["alarm_id"] for row in system.rows("SELECT alarm_id FROM alarm")]
    workers = {name: pid for name, pid in fragile.stack.processes.items() if name.startswith("worker")}
    app = celery_app.make(system.settings("dispatcher"))
    port = int(fragile.stack.endpoints["valkey"].rsplit(":", 1)[1])
    with fragile.stack.startup.broker.administrator(port) as broker:
        # A worker that another test killed leaves its message there for minutes.
        left = set(broker.hkeys("triage:unacked"))
    with app.connection_for_write() as connection, closing(connection.channel()) as channel:
        for make, _ in STRANGE.values():
            channel.client.lpush(celery_app.QUEUE, make(live_token))
        until(lambda: channel.client.llen(celery_app.QUEUE) == 0, what="the end of all messages")
        for _ in range(40):
            channel.client.lpush(celery_app.QUEUE, STRANGE["unknown task"][0](live_token))
        until(lambda: channel.client.llen(celery_app.QUEUE) == 0, what="the end of the flood")
    with fragile.stack.startup.broker.administrator(port) as broker:
        until(lambda: not set(broker.hkeys("triage:unacked")) - left, what="the last acknowledgement")
    (run_id,) = system.run(fragile.plain[1])
    assert fragile.run(run_id)["state"] == "completed"
    assert fragile.run(run_id)["attempt"] == 1

    def alarms():
        new = "SELECT * FROM alarm WHERE kind = 'unknown message' AND alarm_id <> ALL (%s)"
        return system.rows(new, earlier)

    wanted = {reason for _, reason in STRANGE.values()}
    until(lambda: all(any(reason in row["detail"] for row in alarms()) for reason in wanted), what="alarms")
    # Of each of five reasons one from each worker.
    assert len(alarms()) <= 2 * 5
    assert all(len(row["detail"]) < 100 and row["run_id"] is None for row in alarms())
    assert {name: pid for name, pid in fragile.stack.processes.items() if name in workers} == workers
    for log in fragile.stack.layout.logs.iterdir():
        for spelling in (live_token, live_token[2:], b64encode(live_token.encode()).decode()[4:-4]):
            assert spelling not in log.read_text(errors="replace"), log
    assert not any(live_token in str(row) for row in alarms())
    # It is alive still: what the logs do not hold would have been of use.
    answer = system.ask_vault("POST", "sys/wrapping/lookup", {"token": live_token})
    assert answer.status_code == 200, answer.text


def test_what_celery_says_of_a_message_it_takes_is_redacted(fragile, live_token, until):
    """The main process prints the id of each message, and a process of the pool the argument that is too many."""
    body = json.dumps([[], {live_token: 1}, {}])
    headers = {"task": celery_app.ATTEMPT, "id": f"id-{live_token}", "lang": "py"}
    app = celery_app.make(fragile.system.settings("dispatcher"))
    with app.connection_for_write() as connection, closing(connection.channel()) as channel:
        channel.client.lpush(
            celery_app.QUEUE, entry("", body=b64encode(body.encode()).decode(), headers=headers)
        )
    logs = [fragile.stack.layout.logs / f"worker-{number}.log" for number in (1, 2)]

    def printed():
        return "".join(log.read_text() for log in logs)

    until(lambda: f"[id-{REDACTED}] received" in printed(), what="the line about the id")
    until(lambda: f"unexpected keyword argument '{REDACTED}" in printed(), what="the line about the argument")
    assert live_token not in printed()
